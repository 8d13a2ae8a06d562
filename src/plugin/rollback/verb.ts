/** The verb `rollback`: asks the operator to take a repair back. */
import { DRY_RUN, MAX_REASON, REASON, reasonOf, TIMEOUT, timeoutOf, WAIT } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'rollback',
  summary: 'take a repair back: the old file, one restart of the kubelet, and the node is left alone',
  description:
    'Asks the operator to take a repair back. The file gets its old content, the kubelet is restarted once under the same guard as after a repair, and the node gets the label dnshealth.io/exclude=true, so that it is not repaired again. It is refused where the file was changed since. Needs the ClusterRole dnshealth-approver.',
  arguments: [
    { name: '<remediation>', summary: 'name of a DNSRemediation', completes: 'remediation-to-roll-back' },
  ],
  options: [REASON, WAIT, TIMEOUT, DRY_RUN],
  formats: [],
  examples: [
    {
      does: 'With the reason that others will read',
      command: 'rollback node-1-3f2a1b9c --reason "the old resolver is wanted there"',
    },
    {
      does: 'Follow it to its end',
      command: 'rollback node-1-3f2a1b9c --reason "the old resolver is wanted there" --wait',
    },
  ],
  run: async (context, [name = ''], options) =>
    (await import('./rollback.ts')).rollback(context, {
      name,
      reason: reasonOf(options, MAX_REASON),
      wait: options['wait'] === true,
      timeoutMs: timeoutOf(options),
      dryRun: options['dryRun'] === true,
    }),
};
