/** No more nodes are under repair than the policy allows, and no incident that could begin has waited for longer. */
import { RECHECK_MS } from '../deadlines.ts';
import { isUnderRepair } from '../facts.ts';
import { canaryHealed } from '../rollout.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

/**
 * The first repair of a rollout is alone, whatever `limits.maxConcurrent` says: where every node has the
 * same fault, a guard that counts unhealthy nodes would stop all of them or none.
 */
const CANARY_SLOTS = 1;
const REASON = 'OtherNodeUnderRepair';

export function hasSlot(situation: Situation): Verdict {
  const { remediation, world } = situation;
  // It took its slot when it was admitted.
  if (isUnderRepair(remediation)) return pass;
  const others = world.remediations.filter((other) => other.name !== remediation.name);
  // Under repair, or about to be: all incidents sort the same line in the same way.
  const first = others.filter(takesSlot);
  const slotsFor = slotsIn(situation);
  for (const next of [...others.filter(isInLine), remediation].toSorted(byAge)) {
    const slots = slotsFor(next);
    if (next.name === remediation.name)
      return first.length < slots ? pass : wait(REASON, waitingFor(first, slots), RECHECK_MS);
    // One that is still too many for its own policy does not take a place from one that is not.
    if (first.length < slots) first.push(next);
  }
  return pass;
}

/** Under repair, or its node is still held: after the end, or for a moment after an attempt. */
const takesSlot = (other: Remediation): boolean =>
  isUnderRepair(other) || other.status.quarantine?.heldSince !== undefined;

/** Not decided on yet, or waiting for a slot. One that waits for another reason, by its record, takes none. */
const isInLine = ({ status }: Remediation): boolean =>
  status.phase === 'Pending' && (status.reason === undefined || status.reason === REASON);

function byAge(a: Remediation, b: Remediation): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

/** How many nodes may be under repair at the same time, according to the policy of an incident. */
function slotsIn({ world, now }: Situation): (remediation: Remediation) => number {
  const known = new Map<string, boolean>();
  return (remediation) => {
    const { policy, settings } = remediation.spec;
    const key = JSON.stringify([policy.uid, settings.workload, settings.repair]);
    const isProven = known.get(key) ?? canaryHealed(remediation, world.remediations, now);
    known.set(key, isProven);
    return isProven ? settings.limits.maxConcurrent : CANARY_SLOTS;
  };
}

function waitingFor(first: readonly Remediation[], slots: number): string {
  const names = first.map(({ name, spec }) => `node ${spec.node.name} (${name})`).join(', ');
  return `Waiting for ${names}: ${slots === 1 ? 'only one node is' : `only ${slots} nodes are`} repaired at the same time.`;
}
