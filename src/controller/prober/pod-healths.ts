/** What is known of the DNS pods of a workload by asking them, for whoever decides on them. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import { doesAnswer, type PodHealth, podHealth } from '../../health/pod-health.ts';
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import type { OwnedPod } from '../../observe/ownership.ts';
import type { DnsPodView } from '../../remediation/world.ts';
import type { UpTimes } from '../dns-pods/up-times.ts';
import { containerOf, viewOf } from '../dns-pods/workloads.ts';
import type { Stores } from '../stores.ts';
import type { Investigation, LateLoops } from './late-loops.ts';
import type { Probes } from './probes.ts';

/** In the order of the pods. */
export type PodHealths = (pods: readonly OwnedPod[]) => readonly PodHealth[];

interface Sources {
  readonly probes: Pick<Probes, 'find'>;
  readonly lateLoops: Pick<LateLoops, 'get'>;
  readonly remediations: Pick<Stores['remediations'], 'list'>;
}

export function createPodHealths({ probes, lateLoops, remediations }: Sources): PodHealths {
  return (pods) => {
    // The evidence that a leader before this one had is in its records.
    const looping = new Set(
      remediations
        .list()
        .filter(({ spec, status }) => spec.trigger === 'LateLoop' && !FINAL_PHASES.includes(status.phase))
        .map(({ spec }) => podOf(spec)?.uid),
    );
    return pods.map((pod) => {
      const container = containerOf(pod);
      const key = `${pod.namespace}/${pod.name}`;
      const subject = container && subjectOf(pod, container);
      const probe = subject === undefined ? null : probes.find(key, subject);
      const found = lateLoops.get(key);
      const lateLoop = looping.has(pod.uid) ? 'yes' : found?.subject === subject ? stateOf(found) : 'no';
      const { name, hostNetwork } = pod;
      return podHealth({ name, hostNetwork, lateLoop }, probe?.series ?? null);
    });
  };
}

function stateOf(found: Investigation | undefined): PodHealth['lateLoop'] {
  if (found === undefined) return 'no';
  if (found.kind === 'checking') return 'maybe';
  return found.isLateLoop ? 'yes' : 'no';
}

/** A restarted container, or another pod of the same name, has answered nothing yet. */
export const subjectOf = ({ uid }: DnsPod, { id }: DnsContainer): string => `${uid}/${id}`;

/** The pods as the decision sees them. */
export function viewsOf(
  pods: readonly OwnedPod[],
  { upTimes, healths }: { readonly upTimes: UpTimes; readonly healths: PodHealths },
): readonly DnsPodView[] {
  const all = healths(pods);
  return pods.map((pod, index) => {
    const health = all[index];
    const answers = health ? doesAnswer(health, all) : null;
    return viewOf(pod, { upTimes, answers });
  });
}
