/** Deletes the DNS pods of the node that still have the old resolv.conf, so that their workload replaces them. */
import { repairedAt, stepIsFinished } from '../facts.ts';
import { serves } from '../serving.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import type { DnsPodView, Situation } from '../world.ts';

export function recreate(situation: Situation): Verdict {
  const pods = situation.world.dnsPods.filter((pod) => isStale(pod, situation));
  if (pods.length > 0) return act({ kind: 'recreate', pods: pods.map(({ name, uid }) => ({ name, uid })) });
  return stepIsFinished(situation.remediation, 'Recreate') ? pass : act({ kind: 'recreate', pods: [] });
}

/**
 * On this node, in a sandbox older than the repair, and not serving. A serving DNS pod is never deleted: losing a
 * serving endpoint costs clients seconds of timeouts.
 */
function isStale(pod: DnsPodView, situation: Situation): boolean {
  const { remediation, now } = situation;
  if (pod.node !== remediation.spec.node.name || pod.deleting) return false;
  if (remediation.status.deletedPods.some((deleted) => deleted.uid === pod.uid)) return false;
  // No kubelet has seen it yet, so the repaired one will create its sandbox.
  if (pod.startedAt === null) return false;
  const repaired = repairedAt(situation);
  // The kubelet's timestamps have whole seconds: a pod of the same second counts as older, and is only deleted if
  // it does not serve.
  if (repaired !== null && pod.startedAt > repaired) return false;
  return !serves(pod, now);
}
