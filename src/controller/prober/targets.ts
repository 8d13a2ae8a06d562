/** Whom the prober asks under one policy, where, and when: its DNS pods, and the addresses of the cluster DNS Service. */

import { wantsComparison } from '../../health/pod-health.ts';
import { START_UP_MS, type Target } from '../../health/schedule.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { OwnedPod } from '../../observe/ownership.ts';
import type { UpTimes } from '../dns-pods/up-times.ts';
import { containerOf } from '../dns-pods/workloads.ts';
import { type PodHealths, subjectOf } from './pod-healths.ts';
import { type Probes, serviceKey } from './probes.ts';

export interface ProbeTarget extends Target {
  readonly kind: 'pod' | 'service';
  readonly subject: string;
  readonly address: string;
  /** In the names that it is asked for, so that two targets are never asked for the same one. */
  readonly tag: string;
}

interface Sources {
  readonly probes: Probes;
  readonly healths: PodHealths;
  readonly upTimes: UpTimes;
  readonly now: number;
}

/** A pod that is not running, has no address or is being deleted is not asked. Neither is one that has just started. */
export function podTargets(
  pods: readonly OwnedPod[],
  { probes, healths, upTimes, now }: Sources,
): readonly ProbeTarget[] {
  const all = healths(pods);
  return pods.flatMap((pod, index): ProbeTarget[] => {
    const container = containerOf(pod);
    const upSince = container ? upTimes.upSince(pod, container) : null;
    if (!container || upSince === null || pod.ip === null || pod.deleting) return [];
    const key = `${pod.namespace}/${pod.name}`;
    const subject = subjectOf(pod, container);
    const known = probes.find(key, subject);
    const health = all[index];
    const isWanted = known !== null && health !== undefined && wantsComparison(health, all);
    const dueAt = isWanted ? now : (known?.dueAt ?? upSince + START_UP_MS);
    return [{ kind: 'pod', key, subject, address: pod.ip, tag: pod.uid.slice(0, 8), dueAt }];
  });
}

export function serviceTargets(
  { name }: Policy,
  addresses: readonly string[],
  { probes }: Pick<Sources, 'probes'>,
): readonly ProbeTarget[] {
  return addresses.map((address) => {
    const key = serviceKey(name, address);
    return {
      kind: 'service',
      key,
      subject: address,
      address,
      tag: 'service',
      dueAt: probes.find(key, address)?.dueAt ?? 0,
    };
  });
}
