/** The verb `acknowledge`: says that a person has dealt with an ended incident. */
import { DRY_RUN, textOf } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'acknowledge',
  summary: 'say that you have dealt with a refused, rolled-back or failed incident',
  description:
    'Acknowledges ended incidents. A failure then stops no further repairs, nor does a first repair that did not last; a node in quarantine is released, and the next crash or drift there may be repaired again. Follow the advice of the incident first: kubectl dnshealth status shows it.',
  arguments: [
    {
      name: '[remediation...]',
      summary: 'names of DNSRemediations',
      completes: 'remediation-to-acknowledge',
    },
  ],
  options: [
    { flags: '--all', summary: 'all that need it' },
    { flags: '--policy <name>', summary: 'with --all: only those of this policy', completes: 'policy' },
    DRY_RUN,
  ],
  formats: [],
  examples: [
    { does: 'One, after its advice was followed', command: 'acknowledge node-1-3f2a1b9c' },
    {
      does: 'All of one policy, checked but not written',
      command: 'acknowledge --all --policy coredns --dry-run',
    },
  ],
  run: async (context, names, { all, policy, dryRun }) =>
    (await import('./acknowledge.ts')).acknowledge(
      context,
      { names, all: all === true, policy: textOf(policy) },
      dryRun === true,
    ),
};
