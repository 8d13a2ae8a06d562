/** Which DNS pod shows that the repair worked: the one that came after it, or, if none was deleted, one that serves. */

import type { ProbedPod } from '../verdict.ts';
import type { DnsPodView, Remediation, Situation } from '../world.ts';
import { serves } from './serving.ts';
import { standingOf } from './standing.ts';

export type Asked =
  | {
      readonly kind: 'pod';
      readonly pod: DnsPodView;
      /** `replacement`: made after the repair. `witness`: an older one that serves; the proof pod speaks for the node. */
      readonly as: 'replacement' | 'witness';
    }
  | { readonly kind: 'nobody'; readonly waitingFor: string };

/** @param isLate whether a replacement has been waited for long enough */
export function whomToAsk(situation: Situation, isLate: boolean): Asked {
  const { remediation, world, now } = situation;
  const here = remediation.spec.node.name;
  const { deletedPods } = remediation.status;
  const live = world.dnsPods.filter(
    (pod) =>
      !pod.deleting &&
      // Nobody but its own node can ask it.
      !pod.isNodeLocal &&
      !deletedPods.some((deleted) => deleted.uid === pod.uid) &&
      (pod.node === here || mayBeTheReplacement(pod, remediation)),
  );
  const rank = (pod: DnsPodView) =>
    (pod.node === here ? 4 : 0) + (pod.node === '' ? 0 : 2) + (pod.runningSince === null ? 0 : 1);
  const [replacement] = live
    .filter((pod) => cameAfter(pod, situation))
    .toSorted((a, b) => rank(b) - rank(a) || b.createdAt - a.createdAt);
  if (replacement) return { kind: 'pod', pod: replacement, as: 'replacement' };

  const [witness] =
    deletedPods.length > 0
      ? []
      : live
          .filter((pod) =>
            pod.node === here
              ? ['serving', 'undecided'].includes(standingOf(pod, situation))
              : isLate && serves(pod, now),
          )
          .toSorted((a, b) => rank(b) - rank(a));
  if (witness) return { kind: 'pod', pod: witness, as: 'witness' };

  const names = deletedPods.map(({ name }) => name).join(', ');
  return {
    kind: 'nobody',
    waitingFor:
      names === ''
        ? `No DNS pod serves on ${here}, and the workload has not created a new one yet.`
        : `${names} of ${here} was deleted, and the workload has not created a replacement yet.`,
  };
}

/** No pod failed that a drift was about: until one of its node was deleted, a new pod elsewhere has another reason. */
const mayBeTheReplacement = (pod: DnsPodView, { spec, status }: Remediation): boolean =>
  isOfItsWorkload(pod, spec) && (spec.trigger !== 'Drift' || status.deletedPods.length > 0);

/** A pod of another workload was not made to replace the one that failed. */
const isOfItsWorkload = ({ workload }: DnsPodView, { workload: its }: Remediation['spec']): boolean =>
  its === undefined || workload === `${its.kind}/${its.name}`;

/** The pod with its address and its container; null while it cannot be asked. */
export function askable(pod: DnsPodView): ProbedPod | null {
  const { ip, containerID, runningSince } = pod;
  return ip === null || containerID === null || runningSince === null ? null : { ...pod, ip, containerID };
}

/**
 * On the repaired node a pod in a new sandbox. Elsewhere, or not scheduled yet, a pod that was created after the proof pod
 * (both times are the API server's); if nothing was deleted, after the claim: the looping pod went away by itself.
 */
function cameAfter(pod: DnsPodView, situation: Situation): boolean {
  const { remediation, world } = situation;
  if (pod.node === remediation.spec.node.name) return standingOf(pod, situation) === 'new';
  const since = remediation.status.deletedPods.length > 0 ? world.proofPod?.createdAt : remediation.createdAt;
  return pod.createdAt >= (since ?? remediation.createdAt);
}
