/** Under which policy nodes are checked: there is one resolv.conf per node, however many policies watch DNS pods. */
import type { Policy } from '../../observe/custom-resources.ts';
import { policyInConflictWith } from '../dns-pods/workloads.ts';

/** The oldest one that repairs, or else the oldest; null without any. A policy in conflict does nothing. */
export function checkPolicy(policies: readonly Policy[]): Policy | null {
  const [first] = policies
    .filter((policy) => policyInConflictWith(policy, policies) === null)
    .toSorted(
      (a, b) =>
        Number(b.spec.mode === 'Repair') - Number(a.spec.mode === 'Repair') ||
        a.createdAt - b.createdAt ||
        (a.name < b.name ? -1 : 1),
    );
  return first ?? null;
}
