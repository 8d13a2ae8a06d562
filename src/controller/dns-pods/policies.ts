/** Which policy a DNS pod is watched under, and which one an incident is repaired under. The rule is `remediation/scope/`. */
import { type DnsWorkload, isSameWorkload, workloadsOf } from '../../api/policy/scope.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { DnsPod } from '../../observe/dns-pod.ts';
import type { OwnedPod, Ownership } from '../../observe/ownership.ts';
import { coveredBy, isOlder, ownerOf, watcherOf } from '../../remediation/scope/node-owner.ts';
import type { Labels } from '../../remediation/scope/node-selector.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { Stores } from '../stores.ts';
import { ownerIn } from './workloads.ts';

type Known = Pick<Stores, 'policies' | 'nodes'>;

/** null: the node is not in the cache, or the pod has none yet. */
export const labelsOf = (nodes: Stores['nodes'], node: string): Labels | null =>
  nodes.get(node)?.labels ?? null;

interface WatchedPod {
  readonly pod: OwnedPod;
  readonly policy: Policy;
}

/** The policy that a DNS pod is watched under; null if no policy names a workload that owns it. */
export async function policyFor(
  pod: DnsPod,
  { policies, nodes }: Known,
  ownership: Ownership,
  signal: AbortSignal,
): Promise<WatchedPod | null> {
  const all = policies.list();
  const workload = await ownerIn(distinct(all), pod, ownership, signal);
  const policy = workload && watcherOf(all, workload, labelsOf(nodes, pod.node));
  // With the container that this policy names.
  const own = policy && workloadsOf(policy.spec).find((one) => isSameWorkload(one, workload));
  return policy && own ? { policy, pod: { ...pod, workload: own } } : null;
}

function distinct(policies: readonly Policy[]): readonly DnsWorkload[] {
  const named = policies.flatMap(({ spec }) => workloadsOf(spec));
  return named.filter((one, index) => named.findIndex((other) => isSameWorkload(one, other)) === index);
}

/** Of the pods of a policy's workloads, those that are watched under it and not under another one. */
export function watchedUnder(
  policy: Policy,
  pods: readonly OwnedPod[],
  { policies, nodes }: Known,
): readonly OwnedPod[] {
  const all = policies.list();
  return pods.filter(
    ({ workload, node }) => watcherOf(all, workload, labelsOf(nodes, node))?.uid === policy.uid,
  );
}

/**
 * The policy that an incident is repaired under: the one that it was claimed under, or the one that took its place,
 * because that was deleted.
 *
 * @param labels of the node; null if it is not known
 */
export function policyOf(
  { spec }: Remediation,
  policies: readonly Policy[],
  labels: Labels | null,
): Policy | null {
  return (
    policies.find(({ uid }) => uid === spec.policy.uid) ??
    ownerOf(policies, spec.workload ?? spec.settings.workload, labels)
  );
}

/**
 * The older policy that decides about the node instead; null without one.
 *
 * @param workload of the DNS pod that showed the incident; undefined where none did
 */
export function olderPolicyFor(
  policy: Policy,
  workload: DnsWorkload | undefined,
  policies: readonly Policy[],
  labels: Labels | null,
): string | null {
  const owner = workload ? ownerOf(policies, workload, labels) : ownerOfAll(policy, policies, labels);
  return owner && owner.uid !== policy.uid && isOlder(owner, policy) ? owner.name : null;
}

/** One of which the policy owns the node for no workload is not its node; otherwise it is. */
function ownerOfAll(policy: Policy, policies: readonly Policy[], labels: Labels | null): Policy | null {
  const owners = workloadsOf(policy.spec).map((one) => ownerOf(policies, one, labels));
  return owners.find((owner) => owner?.uid === policy.uid) ?? owners[0] ?? null;
}

/** The policy under which a node is checked, and a drift of it is repaired; null if no policy covers it. */
export const coveringPolicy = ({ policies, nodes }: Known, node: string): Policy | null =>
  coveredBy(policies.list(), labelsOf(nodes, node));
