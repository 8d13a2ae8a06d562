/** What is known of the DNS pods of a workload by asking them, for whoever decides on them. */
import type { PolicySpec } from '../../api/policy.ts';
import { type PodHealth, podHealth } from '../../health/pod-health.ts';
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import { containerOf } from '../dns-pods/workloads.ts';
import type { Probes } from './probes.ts';

/** In the order of the pods. */
export type PodHealths = (pods: readonly DnsPod[], workload: PolicySpec['workload']) => readonly PodHealth[];

export function createPodHealths(probes: Pick<Probes, 'find'>): PodHealths {
  return (pods, workload) =>
    pods.map((pod) => {
      const container = containerOf(pod, workload);
      const probe = container && probes.find(`${pod.namespace}/${pod.name}`, subjectOf(pod, container));
      const { name, hostNetwork } = pod;
      return podHealth({ name, hostNetwork, lateLoop: false }, probe?.series ?? null);
    });
}

/** A restarted container, or another pod of the same name, has answered nothing yet. */
export const subjectOf = ({ uid }: DnsPod, { id }: DnsContainer): string => `${uid}/${id}`;
