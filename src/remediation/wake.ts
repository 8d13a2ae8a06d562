/** Which incidents a change concerns. In a mass outage most wait, and each look at one takes time from the one under repair. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { podOf } from '../api/trigger.ts';
import { beganRepairAt, hasNotBegun, isUnderRepair } from './facts.ts';
import { ledgerOf } from './rollout/ledger.ts';
import { isHalting } from './rollout/rollout.ts';
import {
  byTurn,
  isInLine,
  mayComeIntoLine,
  type Slots,
  slotsFor,
  takesSlot,
  urgency,
} from './rollout/slots.ts';
import { CONTROL_PLANE_BUSY, isWaitOfLimit } from './waits.ts';
import type { Remediation } from './world.ts';

/**
 * The other incidents that a change of one concerns: those next in line when it leaves a slot or the line, and those
 * that it halted. `null`: it did not exist before, or does not any more.
 */
export function concernedBy(
  before: Remediation | null,
  after: Remediation | null,
  all: readonly Remediation[],
  slots: () => Slots,
): readonly Remediation[] {
  const was = (state: (one: Remediation) => boolean): boolean =>
    before !== null && state(before) && !(after !== null && state(after));
  const leftTheLine = was(mayComeIntoLine) && !(after !== null && takesSlot(after));
  // Where policies allow different numbers, another order leaves another number of slots.
  const changedPlace = before !== null && after !== null && urgency(before) !== urgency(after);
  const pendingBecause = (waits: (reason: string | undefined) => boolean): readonly Remediation[] =>
    ledgerOf(all).pending.filter(({ status }) => waits(status.reason));
  return [
    // Without the record of one that went wrong there may be more slots than one.
    ...(was(takesSlot) || leftTheLine || changedPlace || after === null ? nextInLine(all, slots()) : []),
    ...(was(isBusyControlPlane) ? pendingBecause((reason) => reason === CONTROL_PLANE_BUSY) : []),
    ...(was(isHalting) || was(isCanaryPerhaps)
      ? pendingBecause((reason) => reason === 'BreakerOpen' || reason === 'CanaryWatched')
      : []),
    // Whoever deletes the record of a repair takes it out of what the limits count.
    ...(after === null && before !== null && beganRepairAt(before) !== null
      ? pendingBecause(isWaitOfLimit)
      : []),
  ].filter((other) => other.name !== (after ?? before)?.name);
}

const isBusyControlPlane = (one: Remediation): boolean =>
  takesSlot(one) && one.spec.node.controlPlane === true;

/** Whether it is one, and whether it failed, follows from other records as well. */
const isCanaryPerhaps = ({ status, acknowledged }: Remediation): boolean =>
  status.phase === 'Healed' && !acknowledged;

/** As many as there may be free slots. Whether one may really begin is decided when it is read. */
function nextInLine(all: readonly Remediation[], slots: Slots): readonly Remediation[] {
  const ledger = ledgerOf(all);
  const busy = ledger.busy.length;
  const next: Remediation[] = [];
  // Those that were never decided on are read anyway, and must not stand for one that sleeps. Those that something else
  // holds are read when that is over.
  const asleep = ledger.pending.filter((one) => isInLine(one) && one.status.reason !== undefined);
  // One whose own policy allows fewer stays in line, and must not keep one behind it from being woken.
  for (const one of asleep.toSorted(byTurn)) if (busy + next.length < slotsFor(one, slots)) next.push(one);
  return next;
}

/** The open incidents that a change of a DNS pod concerns. */
export function concernedByPod(
  pod: { readonly uid: string; readonly node: string; readonly createdAt: number },
  all: readonly Remediation[],
): readonly Remediation[] {
  return all.filter((remediation) => {
    const { spec, status, createdAt } = remediation;
    if (hasNotBegun(remediation))
      return (
        podOf(spec)?.uid === pod.uid ||
        status.reason === 'LastServingPod' ||
        // It may have been the last one that served, which makes a repair urgent.
        (status.reason === 'OutsideWindow' && spec.settings.maintenance.urgent === 'Proceed') ||
        // One that fails brings it forward.
        (spec.trigger === 'Drift' && status.failingPod === undefined && pod.node === spec.node.name)
      );
    // A pod elsewhere can only be the replacement.
    return isUnderRepair(remediation) && (pod.node === spec.node.name || pod.createdAt >= createdAt);
  });
}

/** Those that wait and are about this node: its exclusion or a later check may end them. */
export const pendingOn = (node: string, all: readonly Remediation[]): readonly Remediation[] =>
  ledgerOf(all).pending.filter(({ spec }) => spec.node.name === node);

/** Not over, or over with its node still held. */
export const isOpen = ({ status }: Remediation): boolean =>
  !FINAL_PHASES.includes(status.phase) || status.quarantine?.heldSince !== undefined;

/** Incidents whose plan a change of their node may make outdated. */
export const concernedByNode = (node: string, all: readonly Remediation[]): readonly Remediation[] =>
  all.filter((one) => one.spec.node.name === node && one.status.plan !== undefined && hasNotBegun(one));
