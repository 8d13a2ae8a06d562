/** Chooses the healthy pod that one at fault is compared with, as people do by hand. Pure. */
import type { CaseSibling } from '../../diagnosis/case.ts';
import type { GatheredPod } from './gathered.ts';

/**
 * A pod of the same workload on another node; best one whose node has the same operating system and kubelet, because then
 * what differs is the fault. Undefined if there is none.
 */
export function siblingOf(pod: GatheredPod, well: readonly GatheredPod[]): GatheredPod | undefined {
  return siblingsOf(pod, well)
    .map((other) => ({ other, likeness: likeness(pod, other) }))
    .reduce<{ other?: GatheredPod; likeness: number }>(
      (best, next) => (next.likeness > best.likeness ? next : best),
      { likeness: -1 },
    ).other;
}

/** All of them, as the examination wants them. */
export function caseSiblings(pod: GatheredPod, well: readonly GatheredPod[]): readonly CaseSibling[] {
  return siblingsOf(pod, well).map(({ facts }) => ({
    pod: facts.pod?.name ?? '',
    node: facts.pod?.node ?? '',
    ...(facts.answers && { answers: facts.answers }),
    ...(facts.kubelet && { kubelet: facts.kubelet }),
    ...(facts.sandboxResolvConf && { sandboxResolvConf: facts.sandboxResolvConf }),
    ...(facts.newPodResolvConf && { newPodResolvConf: facts.newPodResolvConf }),
  }));
}

function siblingsOf({ facts }: GatheredPod, well: readonly GatheredPod[]): readonly GatheredPod[] {
  const node = facts.pod?.node;
  return well.filter(
    (other) =>
      other.facts.pod?.node !== undefined &&
      other.facts.pod.node !== node &&
      other.facts.pod.workload?.name === facts.pod?.workload?.name &&
      other.facts.pod.label === facts.pod?.label,
  );
}

function likeness(pod: GatheredPod, other: GatheredPod): number {
  const [here, there] = [pod.node?.facts, other.node?.facts];
  const same = [
    here?.osImage === there?.osImage,
    here?.kubeletVersion === there?.kubeletVersion,
    other.configz !== undefined,
    other.facts.answers !== undefined,
  ];
  return same.filter(Boolean).length;
}
