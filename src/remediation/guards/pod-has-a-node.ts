/**
 * The replacement of the DNS pod has a node to run on.
 *
 * On a node that someone else cordoned, in a cluster where no other node can take the pod, it would stay Pending until the
 * node is uncordoned; the repair then takes seconds. The pods of a DaemonSet run on cordoned nodes too.
 */
import { RECHECK_MS } from '../deadlines.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function podHasANode({ remediation, world }: Situation): Verdict {
  const { node } = world;
  const isCordoned = node?.quarantine ? node.quarantine.wasUnschedulable : node?.unschedulable;
  const runsOne = world.dnsPods.some((pod) => pod.node === remediation.spec.node.name);
  // Without a DNS pod there is none to replace.
  if (
    !runsOne ||
    !isCordoned ||
    world.otherNodeTakesPods ||
    (remediation.spec.workload ?? remediation.spec.settings.workload).kind === 'DaemonSet'
  )
    return pass;
  const { name } = remediation.spec.node;
  return wait(
    'NodeCordoned',
    `Node ${name} is cordoned, and no other node can take its DNS pod: a replacement would stay Pending. The repair begins once the node is uncordoned: \`kubectl uncordon ${name}\`.`,
    RECHECK_MS,
  );
}
