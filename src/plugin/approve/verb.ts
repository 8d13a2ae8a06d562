/** The verb `approve`: lets the operator make the change that its plan shows, and no other. */
import { DRY_RUN, textOf } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'approve',
  summary: 'show the plans that wait for an approval, and approve them',
  description:
    'Shows what each plan would change, asks, and approves exactly that: the approval is bound to the hash of the plan, and a repair that finds anything else on the node refuses. It carries your user name as the API server knows it. Limits, windows and pauses still apply to when the repair begins. Needs the ClusterRole dnshealth-approver.',
  arguments: [
    { name: '[remediation...]', summary: 'names of DNSRemediations', completes: 'remediation-to-approve' },
  ],
  options: [
    { flags: '--all', summary: 'all plans that wait' },
    { flags: '--policy <name>', summary: 'with --all: only those of this policy', completes: 'policy' },
    { flags: '--yes', summary: 'do not ask' },
    DRY_RUN,
  ],
  formats: [],
  examples: [
    { does: 'Look at one plan, and approve it', command: 'approve node-1-3f2a1b9c' },
    { does: 'All plans of one policy, without a question', command: 'approve --all --policy coredns --yes' },
  ],
  run: async (context, names, { all, policy, yes, dryRun }) =>
    (await import('./approve.ts')).approve(
      context,
      { names, all: all === true, policy: textOf(policy) },
      { yes: yes === true, dryRun: dryRun === true },
    ),
};
