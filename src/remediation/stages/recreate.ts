/** Deletes the DNS pods of the node that still have the old resolv.conf, so that their workload replaces them. */
import { stepIsFinished } from '../facts.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import { standingOf } from '../verification/standing.ts';
import type { DnsPodView, Situation } from '../world.ts';

export function recreate(situation: Situation): Verdict {
  const pods = situation.world.dnsPods.filter((pod) => isStale(pod, situation));
  if (pods.length > 0) return act({ kind: 'recreate', pods: pods.map(({ name, uid }) => ({ name, uid })) });
  return stepIsFinished(situation.remediation, 'Recreate') ? pass : act({ kind: 'recreate', pods: [] });
}

/** A pod that serves, or may serve again with its next probe, is never deleted. */
function isStale(pod: DnsPodView, situation: Situation): boolean {
  const { remediation } = situation;
  if (pod.node !== remediation.spec.node.name || pod.deleting) return false;
  if (remediation.status.deletedPods.some((deleted) => deleted.uid === pod.uid)) return false;
  return standingOf(pod, situation) === 'stale';
}
