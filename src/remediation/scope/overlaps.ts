/** Where policies meet: which older policy leaves one nothing to do, and which of its nodes belong to older ones. */
import { isSameWorkload, workloadsOf } from '../../api/policy/scope.ts';
import { isOlder, ownerOf, type ScopedPolicy } from './node-owner.ts';
import { type Labels, selectsNode } from './node-selector.ts';

/** Names of nodes that are shown of each older policy. */
const SAMPLE = 10;

/** Name of an older policy that decides about every node that this one selects; null: this one has an effect somewhere. */
export function shadowedBy(policy: ScopedPolicy, policies: readonly ScopedPolicy[]): string | null {
  const { nodeSelector } = policy.spec;
  const older = policies.filter((other) => other.uid !== policy.uid && isOlder(other, policy));
  const shadows = workloadsOf(policy.spec).map((workload) =>
    older.find(
      ({ spec }) =>
        workloadsOf(spec).some((one) => isSameWorkload(one, workload)) &&
        (selectsAll(spec) || JSON.stringify(spec.nodeSelector) === JSON.stringify(nodeSelector)),
    ),
  );
  return shadows.includes(undefined) ? null : (shadows[0]?.name ?? null);
}

const selectsAll = ({ nodeSelector }: ScopedPolicy['spec']): boolean => selectsNode(nodeSelector, null);

export interface Overlap {
  /** Name of the older policy. */
  readonly policy: string;
  readonly nodes: number;
  readonly sample: readonly string[];
}

/** @param nodes called only where there is more than one policy: there may be thousands */
export function overlapsOf(
  policy: ScopedPolicy,
  policies: readonly ScopedPolicy[],
  nodes: () => readonly { readonly name: string; readonly labels: Labels }[],
): readonly Overlap[] {
  const wanted = workloadsOf(policy.spec);
  const rivals = policies.filter(
    (other) =>
      other.uid !== policy.uid &&
      isOlder(other, policy) &&
      workloadsOf(other.spec).some((one) => wanted.some((own) => isSameWorkload(one, own))),
  );
  if (rivals.length === 0) return [];
  const byPolicy = new Map<string, string[]>();
  for (const { name, labels } of nodes()) {
    if (!selectsNode(policy.spec.nodeSelector, labels)) continue;
    const owners = wanted.map((workload) => ownerOf([policy, ...rivals], workload, labels)?.name);
    for (const owner of new Set(owners))
      if (owner !== undefined && owner !== policy.name) {
        const names = byPolicy.get(owner) ?? [];
        names.push(name);
        byPolicy.set(owner, names);
      }
  }
  return [...byPolicy]
    .map(([older, names]) => ({
      policy: older,
      nodes: names.length,
      sample: names.toSorted().slice(0, SAMPLE),
    }))
    .toSorted((a, b) => (a.policy < b.policy ? -1 : 1));
}
