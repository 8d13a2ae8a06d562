/** What is known of the DNS pods of a workload by asking them, for whoever decides on them. */
import type { PolicySpec } from '../../api/policy.ts';
import { doesAnswer, type PodHealth, podHealth } from '../../health/pod-health.ts';
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import type { DnsPodView } from '../../remediation/world.ts';
import type { UpTimes } from '../dns-pods/up-times.ts';
import { containerOf, viewOf } from '../dns-pods/workloads.ts';
import type { Probes } from './probes.ts';

/** In the order of the pods. */
export type PodHealths = (pods: readonly DnsPod[], workload: PolicySpec['workload']) => readonly PodHealth[];

export function createPodHealths(probes: Pick<Probes, 'find'>): PodHealths {
  return (pods, workload) =>
    pods.map((pod) => {
      const container = containerOf(pod, workload);
      const probe = container && probes.find(`${pod.namespace}/${pod.name}`, subjectOf(pod, container));
      const { name, hostNetwork } = pod;
      return podHealth({ name, hostNetwork, lateLoop: 'no' }, probe?.series ?? null);
    });
}

/** A restarted container, or another pod of the same name, has answered nothing yet. */
export const subjectOf = ({ uid }: DnsPod, { id }: DnsContainer): string => `${uid}/${id}`;

/** The pods as the decision sees them. */
export function viewsOf(
  pods: readonly DnsPod[],
  workload: PolicySpec['workload'],
  { upTimes, healths }: { readonly upTimes: UpTimes; readonly healths: PodHealths },
): readonly DnsPodView[] {
  const all = healths(pods, workload);
  return pods.map((pod, index) => {
    const health = all[index];
    const answers = health ? doesAnswer(health, all) : null;
    return viewOf(pod, workload, { upTimes, answers });
  });
}
