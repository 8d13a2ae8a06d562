/** The policy still selects the node, and no older policy decides about it. Both change with labels and with policies. */

import { selectsNode } from '../scope/node-selector.ts';
import { NOT_IN_SCOPE, notInScope, OVERLAPPING, overlapping } from '../scope/reasons.ts';
import { pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { cancelled } from './guard.ts';

/** Cancelled, not kept waiting: the policy that decides about the node now may claim what happens there. */
export function inScope({ policy, remediation, world }: Situation): Verdict {
  const { policy: claimed, node } = remediation.spec;
  if (policy && world.node && !selectsNode(policy.nodeSelector, world.node.labels))
    return cancelled(NOT_IN_SCOPE, `${notInScope(node.name, claimed.name)} Nothing was changed.`);
  if (world.olderPolicy !== null)
    return cancelled(OVERLAPPING, `${overlapping(node.name, world.olderPolicy)} Nothing was changed.`);
  return pass;
}
