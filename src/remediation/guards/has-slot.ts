/** No more nodes are under repair than the policy allows. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { RECHECK_MS } from '../deadlines.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

/**
 * The first repair under a policy is alone, whatever `limits.maxConcurrent` says: where every node has the
 * same fault, a guard that counts unhealthy nodes would stop all of them or none.
 */
const CANARY_SLOTS = 1;

export function hasSlot({ remediation, world }: Situation): Verdict {
  const healedBefore = world.remediations.some(
    (other) => other.spec.policy.uid === remediation.spec.policy.uid && other.status.phase === 'Healed',
  );
  const slots = healedBefore ? remediation.spec.settings.limits.maxConcurrent : CANARY_SLOTS;
  // All incidents sort the same list in the same way, so two of them never both believe that the slot is theirs.
  const queue = world.remediations.filter(isActive).toSorted(byBegunThenAge);
  const place = queue.findIndex((other) => other.name === remediation.name);
  if (place >= 0 && place < slots) return pass;
  const ahead = queue[0] ? `node ${queue[0].spec.node.name}` : 'another node';
  return wait('OtherNodeUnderRepair', `Waiting: ${ahead} is being repaired first.`, RECHECK_MS);
}

/** Takes a slot: not over yet, or over with its node still held. */
function isActive(remediation: Remediation): boolean {
  return (
    !FINAL_PHASES.includes(remediation.status.phase) || remediation.status.quarantine?.heldSince !== undefined
  );
}

function byBegunThenAge(a: Remediation, b: Remediation): number {
  const begun = (remediation: Remediation) => (remediation.status.quarantine === undefined ? 1 : 0);
  return begun(a) - begun(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}
