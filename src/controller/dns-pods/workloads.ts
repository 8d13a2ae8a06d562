/** Which DNS pods the workloads of a policy own, and what is known of each. */
import { type DnsWorkload, isSameWorkload, workloadsOf } from '../../api/policy/scope.ts';
import type { PolicySpec } from '../../api/policy.ts';
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import { isNodeLocalCache } from '../../observe/node-local-cache.ts';
import type { OwnedPod, Owners, Ownership, Workload } from '../../observe/ownership.ts';
import type { DnsPodView } from '../../remediation/world.ts';
import type { Stores } from '../stores.ts';
import type { UpTimes } from './up-times.ts';

/**
 * The pods with which the workloads of a policy serve DNS, verified by uid. One that is finished is not a DNS pod any more.
 */
export async function podsOf(
  spec: Pick<PolicySpec, 'workload' | 'otherWorkloads'>,
  dnsPods: readonly DnsPod[],
  ownership: Ownership,
  signal: AbortSignal,
): Promise<readonly OwnedPod[]> {
  const workloads = workloadsOf(spec);
  const owned = await Promise.all(
    unfinished(dnsPods).map(async (pod) => {
      const workload = await ownerIn(workloads, pod, ownership, signal);
      return workload ? [{ ...pod, workload }] : [];
    }),
  );
  return owned.flat();
}

/** The one of these workloads that owns the pod; null if none does. */
export async function ownerIn(
  workloads: readonly DnsWorkload[],
  pod: DnsPod,
  ownership: Ownership,
  signal: AbortSignal,
): Promise<DnsWorkload | null> {
  for (const workload of workloads) if (await ownership.owns(workload, pod, signal)) return workload;
  return null;
}

const unfinished = (pods: readonly DnsPod[]): readonly DnsPod[] => pods.filter((pod) => !pod.finished);

interface PodsOfWorkload extends Workload {
  readonly pods: readonly DnsPod[];
}

/** The DNS pods by the workload that owns them, in the order of its kind and name. Pods without one are left out. */
export async function podsByWorkload(
  stores: Stores,
  ownership: Owners,
  signal: AbortSignal,
): Promise<readonly PodsOfWorkload[]> {
  const pods = unfinished(stores.dnsPods.list());
  const owners = await Promise.all(pods.map((pod) => ownership.workloadOf(pod, signal)));
  const groups = new Map<string, Workload & { readonly pods: DnsPod[] }>();
  for (const [index, pod] of pods.entries()) {
    const owner = owners[index];
    if (!owner) continue;
    const key = `${owner.kind}/${owner.name}`;
    const group = groups.get(key) ?? { ...owner, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Of these, the pods of the workloads that a policy names. */
export function namedIn(
  found: readonly PodsOfWorkload[],
  spec: Pick<PolicySpec, 'workload' | 'otherWorkloads'>,
): readonly OwnedPod[] {
  return workloadsOf(spec).flatMap((workload) =>
    found
      .filter((one) => isSameWorkload(one, workload))
      .flatMap(({ pods }) => pods.map((pod) => ({ ...pod, workload }))),
  );
}

export const containerOf = (pod: OwnedPod): DnsContainer | undefined =>
  pod.containers.find((container) => container.name === pod.workload.container);

/** Names of the containers of a workload's pods, if none of them is the one that the policy names: its death would go unseen. */
export function otherContainers(
  pods: readonly Pick<DnsPod, 'containers'>[],
  workload: Pick<DnsWorkload, 'container'>,
): readonly string[] {
  const names = new Set(pods.flatMap(({ containers }) => containers.map(({ name }) => name)));
  return names.has(workload.container) ? [] : [...names].toSorted();
}

/** The pod as the decision sees it. */
export function viewOf(
  pod: OwnedPod,
  { upTimes, answers }: { readonly upTimes: UpTimes; readonly answers: boolean | null },
): DnsPodView {
  const container = containerOf(pod);
  return {
    name: pod.name,
    uid: pod.uid,
    workload: `${pod.workload.kind}/${pod.workload.name}`,
    isNodeLocal: isNodeLocalCache(pod),
    node: pod.node,
    ip: pod.ip,
    createdAt: pod.createdAt,
    startedAt: pod.startedAt,
    deleting: pod.deleting,
    ready: pod.ready,
    runningSince: container?.runningSince ?? null,
    upSince: container ? upTimes.upSince(pod, container) : null,
    containerID: container?.id ?? null,
    restartCount: container?.restartCount ?? 0,
    answers,
  };
}
