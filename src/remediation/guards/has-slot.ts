/** No more nodes are under repair than the policy allows, and no incident that could begin has waited for longer. */
import { TURN_RECHECK_MS } from '../deadlines.ts';
import { isUnderRepair } from '../facts.ts';
import { canaryHealed } from '../rollout/canary.ts';
import { ledgerOf } from '../rollout/ledger.ts';
import { byTurn, isInLineBefore, slotsFor } from '../rollout/slots.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import { NO_SLOT } from '../waits.ts';
import type { Remediation, World } from '../world.ts';

/**
 * The first repair of a rollout is alone, whatever `limits.maxConcurrent` says: where every node has the
 * same fault, a guard that counts unhealthy nodes would stop all of them or none.
 */
const CANARY_SLOTS = 1;
/** An incident is decided on within a second; one that never was, because reading its node fails, must not block others. */
const UNDECIDED_MS = 60_000;

/** What is enough to find one's place in the line. */
interface Line {
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations' | 'slots'>;
  readonly now: number;
}

export function hasSlot(situation: Line): Verdict {
  const { remediation, world, now } = situation;
  // It took its slot when it was admitted.
  if (isUnderRepair(remediation)) return pass;
  const { busy, pending } = ledgerOf(world.remediations);
  // Under repair, or about to be: all incidents sort the same line in the same way.
  const first = busy.filter((other) => other.name !== remediation.name);
  const line = pending.filter(
    (other) =>
      other.name !== remediation.name && isInLineBefore(other, remediation) && !isOverdue(other, now),
  );
  const allowed = slotsIn(situation);
  for (const next of [...line, remediation].toSorted(byTurn)) {
    const slots = allowed(next);
    if (next.name === remediation.name)
      return first.length < slots ? pass : wait(NO_SLOT, waitingFor(first, slots), TURN_RECHECK_MS);
    // One that is still too many for its own policy does not take a place from one that is not.
    if (first.length < slots) first.push(next);
  }
  return pass;
}

const isOverdue = (other: Remediation, now: number): boolean =>
  other.status.reason === undefined && now - cameIntoLineAt(other) >= UNDECIDED_MS;

/** One that was planned first comes into the line when its plan is made or approved, which may take hours. */
const cameIntoLineAt = ({ status, createdAt }: Remediation): number =>
  Math.max(createdAt, Date.parse(status.plan?.madeAt ?? '') || 0, Date.parse(status.approval?.at ?? '') || 0);

/** How many nodes may be under repair at the same time, according to the policy of an incident. */
function slotsIn({ world, now }: Line): (remediation: Remediation) => number {
  const known = new Map<string, boolean>();
  return (remediation) => {
    const { policy, settings } = remediation.spec;
    const key = JSON.stringify([policy.uid, settings.workload, settings.repair]);
    const isProven = known.get(key) ?? canaryHealed(remediation, world.remediations, now);
    known.set(key, isProven);
    return isProven ? slotsFor(remediation, world.slots) : CANARY_SLOTS;
  };
}

function waitingFor(first: readonly Remediation[], slots: number): string {
  const names = first.map(({ name, spec }) => `node ${spec.node.name} (${name})`).join(', ');
  return `Waiting for ${names}: ${slots === 1 ? 'only one node is' : `only ${slots} nodes are`} repaired at the same time.`;
}
