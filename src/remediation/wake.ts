/** Which incidents a change concerns. In a mass outage most wait, and each look at one takes time from the one under repair. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { podOf } from '../api/trigger.ts';
import { isUnderRepair } from './facts.ts';
import { controlPlaneIsFree } from './guards/control-plane-free.ts';
import { hasSlot } from './guards/has-slot.ts';
import { rolloutContinues } from './guards/rollout-continues.ts';
import { isHalting } from './rollout/rollout.ts';
import { byTurn, CONTROL_PLANE_BUSY, isInLine, slotsOf, takesSlot, urgency } from './rollout/slots.ts';
import type { Remediation } from './world.ts';

/**
 * The other incidents that a change of one concerns: those next in line when it leaves a slot or the line, and those
 * that it halted. `null`: it did not exist before, or does not any more.
 */
export function concernedBy(
  before: Remediation | null,
  after: Remediation | null,
  all: readonly Remediation[],
): readonly Remediation[] {
  const was = (state: (one: Remediation) => boolean): boolean =>
    before !== null && state(before) && !(after !== null && state(after));
  const leftTheLine = was(isInLine) && !(after !== null && takesSlot(after));
  // Where policies allow different numbers, another order leaves another number of slots.
  const changedPlace = before !== null && after !== null && urgency(before) !== urgency(after);
  return [
    // Without the record of one that went wrong there may be more slots than one.
    ...(was(takesSlot) || leftTheLine || changedPlace || after === null ? nextInLine(all) : []),
    ...(was(isBusyControlPlane) ? all.filter(({ status }) => status.reason === CONTROL_PLANE_BUSY) : []),
    ...(was(isHalting) ? all.filter(({ status }) => status.reason === 'RolloutHalted') : []),
  ].filter((other) => other.name !== (after ?? before)?.name);
}

const isBusyControlPlane = (one: Remediation): boolean =>
  takesSlot(one) && one.spec.node.controlPlane === true;

/** As many as there may be free slots. Whether one may really begin is decided when it is read. */
function nextInLine(all: readonly Remediation[]): readonly Remediation[] {
  const busy = all.filter(takesSlot).length;
  const next: Remediation[] = [];
  // Those that were never decided on are read anyway, and must not stand for one that sleeps.
  const asleep = all.filter((one) => isInLine(one) && one.status.reason !== undefined);
  // One whose own policy allows fewer stays in line, and must not keep one behind it from being woken.
  for (const one of asleep.toSorted(byTurn))
    if (busy + next.length < slotsOf(one.spec.settings.limits.maxConcurrent)) next.push(one);
  return next;
}

/** The open incidents that a change of a DNS pod concerns. */
export function concernedByPod(
  pod: { readonly uid: string; readonly node: string; readonly createdAt: number },
  all: readonly Remediation[],
): readonly Remediation[] {
  return all.filter((remediation) => {
    const { spec, status, createdAt } = remediation;
    if (status.phase === 'Pending')
      return (
        podOf(spec)?.uid === pod.uid ||
        status.reason === 'LastServingPod' ||
        // One that fails brings it forward.
        (spec.trigger === 'Drift' && status.failingPod === undefined && pod.node === spec.node.name)
      );
    // A pod elsewhere can only be the replacement.
    return isUnderRepair(remediation) && (pod.node === spec.node.name || pod.createdAt >= createdAt);
  });
}

/** Not over, or over with its node still held. */
export const isOpen = ({ status }: Remediation): boolean =>
  !FINAL_PHASES.includes(status.phase) || status.quarantine?.heldSince !== undefined;

/**
 * What the caches tell is enough: it waits for others, its record says so, and nothing that could end it is seen. Its
 * turn is an event.
 */
export function stillWaitsForOthers(
  remediation: Remediation,
  known: {
    readonly remediations: readonly Remediation[];
    /** Its policy is there, and still repairs. */
    readonly policyRepairs: boolean;
    /** The pod that showed it is there, and nothing shows that it recovered. */
    readonly isStillSick: boolean;
    readonly now: number;
  },
): boolean {
  const { status } = remediation;
  if (status.phase !== 'Pending' || !known.policyRepairs || !known.isStillSick) return false;
  const situation = { remediation, world: { remediations: known.remediations }, now: known.now };
  return [rolloutContinues(situation), controlPlaneIsFree(situation), hasSlot(situation)].some(
    (verdict) => verdict.kind === 'wait' && verdict.reason === status.reason,
  );
}
