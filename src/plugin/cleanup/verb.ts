/** The verb `cleanup`: takes back what an operator that is gone has left in the cluster. */
import { FORMATS, type Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'cleanup',
  summary:
    'take back what an operator that is gone has left: quarantines, Jobs, pods, open incidents, conditions of nodes',
  description: `Takes back what an operator that is gone has left: quarantines of nodes, repair Jobs, checks, incidents that nobody ends, and the condition dnshealth.io/ResolverConfigured of nodes that nobody checks any more.

A node is released as the operator releases it: the annotation, the label and the taint are removed, and the cordon only if the operator set it. A node on which a repair Job still works is left alone, because the Job may be changing the kubelet; it ends by itself within five minutes, and --wait waits for that.

Refuses while an operator is installed or renews its Lease: then delete the policies and incidents instead. It can be repeated at any time. Policies, the CRDs and the namespaces are left as they are.

The label dnshealth.io/exclude of a node and the annotation dnshealth.io/exclude-reason beside it are left too, and named: whoever set the label, or asked for the rollback that set it, wants the node to be left alone, also by an operator that is installed later.

The exit code is 0 if nothing is left, 1 if something is, and 2 if not everything could be read or done.`,
  arguments: [],
  options: [
    { flags: '--dry-run', summary: 'only say what would be done' },
    { flags: '--wait', summary: 'wait for repair Jobs that still work, then release their nodes' },
    { flags: '--force', summary: 'do it although an operator may be alive, which then acts as well' },
  ],
  formats: FORMATS.filter((format) => format !== 'wide'),
  examples: [
    { does: 'What would be done, without doing it', command: 'cleanup --dry-run' },
    { does: 'All of it, also on nodes where a repair still works', command: 'cleanup --wait' },
  ],
  run: async (context, _args, { dryRun, wait, force }) =>
    (await import('./cleanup.ts')).cleanup(context, {
      dryRun: dryRun === true,
      wait: wait === true,
      force: force === true,
    }),
};
