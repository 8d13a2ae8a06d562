/** How many nodes each policy lets be under repair at the same time, as the policies and the nodes are now. */
import type { Policy } from '../../observe/custom-resources.ts';
import { type Slots, slotsOf } from '../../remediation/rollout/slots.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { Stores } from '../stores.ts';
import { labelsOf, policyOf } from './policies.ts';

/** @param eligible on how many nodes pods of a policy's workload may run; asked for a percentage only */
export function slotsNow(
  remediations: readonly Remediation[],
  { policies, nodes }: Pick<Stores, 'policies' | 'nodes'>,
  eligible: (policy: Policy) => number,
): Slots {
  const all = policies.list();
  const asked = new Set<string>();
  const slots: Record<string, number> = {};
  for (const one of remediations) {
    const { uid } = one.spec.policy;
    if (asked.has(uid)) continue;
    asked.add(uid);
    const policy = policyOf(one, all, labelsOf(nodes, one.spec.node.name));
    if (!policy) continue;
    const { maxConcurrent } = policy.spec.limits;
    slots[uid] = slotsOf(maxConcurrent, typeof maxConcurrent === 'number' ? 0 : eligible(policy));
  }
  return slots;
}
