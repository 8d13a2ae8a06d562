/**
 * Which policy a node belongs to: never to two for the same DNS workload.
 *
 * | question                                    | answer                                                                |
 * | ------------------------------------------- | --------------------------------------------------------------------- |
 * | who repairs this node for this workload     | the oldest policy that names the workload and selects the node         |
 * | who watches the pods of it on that node     | that one; where no policy selects the node, the oldest that names it   |
 * | who checks the node, and repairs a drift    | of the policies that own it for a workload: the oldest of those that go furthest |
 *
 * Of two policies of the same second, the one with the smaller name is the older one.
 */
import { MODES } from '../../api/policy/approval.ts';
import { type DnsWorkload, isSameWorkload, workloadsOf } from '../../api/policy/scope.ts';
import type { PolicySpec } from '../../api/policy.ts';
import { type Labels, selectsNode } from './node-selector.ts';

export interface ScopedPolicy {
  readonly name: string;
  readonly uid: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly spec: Pick<PolicySpec, 'mode' | 'workload' | 'otherWorkloads' | 'nodeSelector'>;
}

type Named = Pick<DnsWorkload, 'kind' | 'name'>;

/** null: no policy repairs this node for this workload. */
export function ownerOf<P extends ScopedPolicy>(
  policies: readonly P[],
  workload: Named,
  labels: Labels | null,
): P | null {
  return oldest(
    policies.filter(({ spec }) => names(spec, workload) && selectsNode(spec.nodeSelector, labels)),
  );
}

/** null: no policy names this workload. */
export const watcherOf = <P extends ScopedPolicy>(
  policies: readonly P[],
  workload: Named,
  labels: Labels | null,
): P | null =>
  ownerOf(policies, workload, labels) ?? oldest(policies.filter(({ spec }) => names(spec, workload)));

/** For what concerns the node and no DNS pod of it: its checks, and a drift. null: no policy covers the node. */
export function coveredBy<P extends ScopedPolicy>(policies: readonly P[], labels: Labels | null): P | null {
  // As in nearly all clusters; this is asked for each of thousands of nodes.
  const [only, ...others] = policies;
  if (only && others.length === 0) return selectsNode(only.spec.nodeSelector, labels) ? only : null;
  const owners = policies.filter(
    (policy) =>
      selectsNode(policy.spec.nodeSelector, labels) &&
      workloadsOf(policy.spec).some((one) => ownerOf(policies, one, labels)?.uid === policy.uid),
  );
  const furthest = Math.max(...owners.map(({ spec }) => MODES.indexOf(spec.mode)));
  return oldest(owners.filter(({ spec }) => MODES.indexOf(spec.mode) === furthest));
}

const names = (spec: ScopedPolicy['spec'], workload: Named): boolean =>
  workloadsOf(spec).some((one) => isSameWorkload(one, workload));

/** The one that was there first, so that a new policy never takes away what another one already decides about. */
export const isOlder = (a: ScopedPolicy, b: ScopedPolicy): boolean =>
  a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.name < b.name);

const oldest = <P extends ScopedPolicy>(policies: readonly P[]): P | null =>
  policies.reduce<P | null>((best, one) => (best === null || isOlder(one, best) ? one : best), null);
