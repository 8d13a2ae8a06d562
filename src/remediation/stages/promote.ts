/** A node that was found wrong, and whose DNS pod begins to fail while it waits, goes ahead of nodes whose pods still serve. */
import { isDown } from '../facts.ts';
import { pass, record, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

/**
 * Recorded, because the line is sorted by the records alone: see `rollout/slots.ts`. Not ended, so that the crash makes an
 * incident of its own: what is known of the node stays, and a crash with another cause would end it again and again.
 */
export function promote({ remediation, world }: Situation): Verdict {
  const { spec, status } = remediation;
  if (spec.trigger !== 'Drift' || status.phase !== 'Pending' || status.failingPod) return pass;
  const failing = world.dnsPods.find(
    (pod) => pod.node === spec.node.name && !pod.deleting && (isDown(pod) || pod.answers === false),
  );
  return failing ? record({ kind: 'pod-fails', pod: { name: failing.name, uid: failing.uid } }) : pass;
}
