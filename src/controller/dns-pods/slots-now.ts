/** How many nodes each policy lets be under repair at the same time, as the policies and the nodes are now. */
import type { Policy } from '../../observe/custom-resources.ts';
import { type Slots, slotsOf } from '../../remediation/rollout/slots.ts';
import type { Remediation } from '../../remediation/world.ts';
import { policyOf } from './workloads.ts';

/** @param eligible on how many nodes pods of a policy's workload may run; asked for a percentage only */
export function slotsNow(
  remediations: readonly Remediation[],
  policies: readonly Policy[],
  eligible: (policy: Policy) => number,
): Slots {
  const asked = new Set<string>();
  const slots: Record<string, number> = {};
  for (const one of remediations) {
    const { uid } = one.spec.policy;
    if (asked.has(uid)) continue;
    asked.add(uid);
    const policy = policyOf(one, policies);
    if (!policy) continue;
    const { maxConcurrent } = policy.spec.limits;
    slots[uid] = slotsOf(maxConcurrent, typeof maxConcurrent === 'number' ? 0 : eligible(policy));
  }
  return slots;
}
