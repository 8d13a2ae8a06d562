/** The verb `reject`: says no to a plan. */
import { DRY_RUN, MAX_REASON, REASON, reasonOf } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'reject',
  summary: 'reject a plan that waits for an approval',
  description:
    'Rejects a plan: its incident ends as Refused with your reason and your user name, and nothing is changed on the node. Needs the ClusterRole dnshealth-approver.',
  arguments: [
    { name: '<remediation>', summary: 'name of a DNSRemediation', completes: 'remediation-to-approve' },
  ],
  options: [REASON, DRY_RUN],
  formats: [],
  examples: [
    {
      does: 'With the reason that others will read',
      command: 'reject node-1-3f2a1b9c --reason "node is replaced tomorrow"',
    },
    { does: 'Only checked', command: 'reject node-1-3f2a1b9c --reason "not now" --dry-run' },
  ],
  run: async (context, [name = ''], options) =>
    (await import('./reject.ts')).reject(context, {
      name,
      reason: reasonOf(options, MAX_REASON),
      dryRun: options['dryRun'] === true,
    }),
};
