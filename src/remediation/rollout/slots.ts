/** Who takes a slot, and who waits in line for one. */
import { DRIFT_PLACES } from '../../api/drift.ts';
import type { MaxConcurrent } from '../../api/policy/limits.ts';
import { isPlanOnRequest, isUnderRepair } from '../facts.ts';
import { isWaitOfPolicy, NO_SLOT } from '../waits.ts';
import type { Remediation } from '../world.ts';

/** However many nodes a cluster has: a percentage of 5,000 must not restart 500 kubelets at once. */
const MOST_SLOTS = 10;

/** Under repair, or its node is still held: after the end, or for a moment after an attempt. */
export const takesSlot = (other: Remediation): boolean =>
  isUnderRepair(other) || other.status.quarantine?.heldSince !== undefined;

/** How many nodes may be under repair at the same time, where `eligible` nodes can run pods of the DNS workload. */
export function slotsOf(maxConcurrent: MaxConcurrent, eligible: number): number {
  if (typeof maxConcurrent === 'number') return maxConcurrent;
  const share = Math.floor((eligible * Number.parseInt(maxConcurrent, 10)) / 100);
  return Math.min(MOST_SLOTS, Math.max(1, share));
}

/** Slots by the uid of the policy that an incident was claimed under. */
export type Slots = Readonly<Record<string, number>>;

/** Under a policy that does not exist any more its copy counts, and of a percentage the least: nothing begins there anyway. */
export const slotsFor = ({ spec }: Remediation, slots: Slots): number =>
  slots[spec.policy.uid] ?? slotsOf(spec.settings.limits.maxConcurrent, 0);

/** Not decided on yet, or waiting for a slot. One that waits for another reason, by its record, takes none. */
export const isInLine = (one: Remediation): boolean =>
  one.status.phase === 'Pending' &&
  (one.status.reason === undefined || one.status.reason === NO_SLOT) &&
  !isPlanOnRequest(one);

/**
 * In line before one that only a slot is missing for: whatever holds all incidents of its policy is over for the others as
 * well, although their records do not say so yet. A window that opens lets the first of them begin, not the first that is read.
 */
export const isInLineBefore = (other: Remediation, one: Remediation): boolean =>
  isInLine(other) ||
  (mayComeIntoLine(other) &&
    other.spec.policy.uid === one.spec.policy.uid &&
    !mayWaitForAttemptOf(one, other));

/** An earlier attempt of `one` counts in the hour of the other, and not in its own: both would wait for each other. */
const mayWaitForAttemptOf = (one: Remediation, other: Remediation): boolean =>
  one.status.attempts.length > 0 && other.status.reason === 'RepairsPerHour';

/** In line, or held by something that holds all incidents of its policy. */
export const mayComeIntoLine = (one: Remediation): boolean =>
  isInLine(one) || (one.status.phase === 'Pending' && isWaitOfPolicy(one.status.reason));

/** All incidents sort the same line in the same way: pods that fail before pods that would, then the older one. */
export function byTurn(a: Remediation, b: Remediation): number {
  return urgency(a) - urgency(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

/** The lower, the sooner. */
export const urgency = ({ spec, status }: Remediation): number =>
  spec.trigger === 'Drift' && !status.failingPod ? 1 + DRIFT_PLACES.indexOf(spec.drift.place) : 0;
