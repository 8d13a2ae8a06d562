/** Which pods belong to which policy, and which policy applies if two name the same workload. */
import type { PolicySpec } from '../../api/policy.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { DnsContainer, DnsPod } from '../../observe/dns-pod.ts';
import type { Owners, Ownership, Workload } from '../../observe/ownership.ts';
import type { DnsPodView, Remediation } from '../../remediation/world.ts';
import type { Stores } from '../stores.ts';
import type { UpTimes } from './up-times.ts';

/**
 * The policy that an incident is repaired under: the one that it was claimed under, or the one that took its place,
 * because it was deleted and applied again.
 */
export function policyOf({ spec }: Remediation, policies: readonly Policy[]): Policy | null {
  const tookItsPlace = (policy: Policy): boolean =>
    isSame(policy.spec.workload, spec.settings.workload) && policyInConflictWith(policy, policies) === null;
  return policies.find(({ uid }) => uid === spec.policy.uid) ?? policies.find(tookItsPlace) ?? null;
}

const isSame = (a: Workload, b: Workload): boolean => a.kind === b.kind && a.name === b.name;

/** The older of two policies for one workload applies; the younger one reports a conflict and does nothing. */
export function policyInConflictWith(policy: Policy, policies: readonly Policy[]): string | null {
  const rival = policies.find(
    (other) =>
      other.uid !== policy.uid &&
      isSame(other.spec.workload, policy.spec.workload) &&
      (other.createdAt < policy.createdAt ||
        (other.createdAt === policy.createdAt && other.name < policy.name)),
  );
  return rival?.name ?? null;
}

/** The policy that a DNS pod is watched under; null if there is none. */
export async function policyFor(
  pod: DnsPod,
  policies: readonly Policy[],
  ownership: Ownership,
  signal: AbortSignal,
): Promise<Policy | null> {
  for (const policy of policies) {
    if (policyInConflictWith(policy, policies) !== null) continue;
    if (await ownership.owns(policy.spec.workload, pod, signal)) return policy;
  }
  return null;
}

/** The pods with which the workload serves DNS, verified by uid. One that is finished is not a DNS pod any more. */
export async function podsOf(
  workload: PolicySpec['workload'],
  dnsPods: readonly DnsPod[],
  ownership: Ownership,
  signal: AbortSignal,
): Promise<readonly DnsPod[]> {
  const pods = unfinished(dnsPods);
  const owned = await Promise.all(pods.map((pod) => ownership.owns(workload, pod, signal)));
  return pods.filter((_pod, index) => owned[index]);
}

const unfinished = (pods: readonly DnsPod[]): readonly DnsPod[] => pods.filter((pod) => !pod.finished);

interface OwnedPods extends Workload {
  readonly pods: readonly DnsPod[];
}

/** The DNS pods by the workload that owns them, in the order of its kind and name. Pods without one are left out. */
export async function podsByWorkload(
  stores: Stores,
  ownership: Owners,
  signal: AbortSignal,
): Promise<readonly OwnedPods[]> {
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

export const containerOf = (pod: DnsPod, workload: PolicySpec['workload']): DnsContainer | undefined =>
  pod.containers.find((container) => container.name === workload.container);

/** Names of the containers of these pods, if none of them is the one that the policy names: its death would go unseen. */
export function otherContainers(
  pods: readonly DnsPod[],
  workload: PolicySpec['workload'],
): readonly string[] {
  const names = new Set(pods.flatMap(({ containers }) => containers.map(({ name }) => name)));
  return names.has(workload.container) ? [] : [...names].toSorted();
}

/** The pod as the decision sees it. */
export function viewOf(
  pod: DnsPod,
  workload: PolicySpec['workload'],
  { upTimes, answers }: { readonly upTimes: UpTimes; readonly answers: boolean | null },
): DnsPodView {
  const container = containerOf(pod, workload);
  return {
    name: pod.name,
    uid: pod.uid,
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
