/** Under which policy nodes are checked: there is one resolv.conf per node, however many policies watch DNS pods. */
import { MODES } from '../../api/policy/approval.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import { policyInConflictWith } from '../dns-pods/workloads.ts';

/** The oldest of those that go furthest; null without any. A policy in conflict does nothing. */
export function checkPolicy(policies: readonly Policy[]): Policy | null {
  const [first] = policies
    .filter((policy) => policyInConflictWith(policy, policies) === null)
    .toSorted(
      (a, b) =>
        MODES.indexOf(b.spec.mode) - MODES.indexOf(a.spec.mode) ||
        a.createdAt - b.createdAt ||
        (a.name < b.name ? -1 : 1),
    );
  return first ?? null;
}
