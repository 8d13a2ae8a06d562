import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  aPolicySpec,
  aRemediation,
  aRepairReport,
  at,
  isoAt,
  onControlPlane,
  withDrift,
} from '../../test/support/objects/builders.ts';
import { DRIFT_PLACES } from '../api/drift.ts';
import { FINAL_PHASES, type RemediationStatus } from '../api/remediation.ts';
import { breakerClosed } from './guards/breaker-closed.ts';
import { controlPlaneIsFree } from './guards/control-plane-free.ts';
import { hasSlot } from './guards/has-slot.ts';
import { concernedBy } from './wake.ts';
import type { Remediation } from './world.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const finishedAt = isoAt(50);
const STATES: readonly Partial<RemediationStatus>[] = [
  { phase: 'Pending' },
  { phase: 'Pending', reason: 'OtherNodeUnderRepair' },
  { phase: 'Pending', reason: 'OtherNodeUnderRepair' },
  {
    phase: 'Pending',
    reason: 'OtherNodeUnderRepair',
    failingPod: { name: 'coredns-1', uid: 'pod-1', since: isoAt(40) },
  },
  { phase: 'Pending', reason: 'BreakerOpen' },
  { phase: 'Pending', reason: 'ControlPlaneUnderRepair' },
  { phase: 'Pending', reason: 'NodeNotReady' },
  { phase: 'Pending', reason: 'AwaitingRetry', nextAttempt: isoAt(90) },
  { phase: 'Quarantining' },
  { phase: 'Verifying', quarantine },
  { phase: 'Healed', finishedAt, repair: aRepairReport() },
  { phase: 'Cancelled', finishedAt },
  { phase: 'Failed', reason: 'VerificationFailed', finishedAt, quarantine, repair: aRepairReport() },
  { phase: 'RolledBack', finishedAt },
];
const state = fc.record({ status: fc.constantFrom(...STATES), acknowledged: fc.boolean() });
const queue = fc.record({
  maxConcurrent: fc.integer({ min: 1, max: 4 }),
  before: fc.array(state, { minLength: 2, maxLength: 8 }),
  /** Of each node; the last one counts for all others. */
  controlPlane: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  /** The place of each node that was found wrong, null where a pod crashed; they are repeated for all others. */
  drift: fc.array(fc.constantFrom(null, ...DRIFT_PLACES), { minLength: 1, maxLength: 8 }),
  /** What becomes of the first; null: it is deleted. */
  after: fc.option(state),
  place: fc.nat(),
});

/** An outcome is final and follows a repair; a record loses its reason only when another attempt begins. */
function canBecome({ status: was }: Remediation, { status: is }: Remediation): boolean {
  const isFinal = FINAL_PHASES.includes(was.phase);
  if (isFinal) return is.phase === was.phase;
  if (is.phase === 'Pending' && is.reason === undefined) return was.reason === 'AwaitingRetry';
  const isOutcome = FINAL_PHASES.includes(is.phase) && is.phase !== 'Cancelled';
  return !isOutcome || was.phase !== 'Pending';
}

it('whoever waits for others, and could begin after a change of one of them, is woken by that change', () => {
  fc.assert(
    fc.property(queue, ({ maxConcurrent, before: states, controlPlane, drift, after, place }) => {
      const settings = { limits: { maxConcurrent } };
      const slots = { 'policy-1': maxConcurrent };
      const incident = (index: number, { status, acknowledged }: (typeof states)[number]) => {
        const crash = aRemediation({
          node: `node-${index}`,
          createdAt: at(index),
          settings,
          acknowledged,
          status,
        });
        const found = drift[index % drift.length] ?? null;
        const one = found === null ? crash : withDrift(crash, { place: found });
        return (controlPlane[index] ?? controlPlane.at(-1)) ? onControlPlane(one) : one;
      };
      const before = states.map((one, index) => incident(index, one));
      const index = place % before.length;
      const changed = after && incident(index, after);
      const was = before[index] ?? incident(0, { status: {}, acknowledged: false });
      fc.pre(changed === null || canBecome(was, changed));
      const now = [...before.slice(0, index), ...(changed ? [changed] : []), ...before.slice(index + 1)];
      const waitsFor = (remediation: Remediation, remediations: readonly Remediation[]) => {
        const policy = aPolicySpec();
        const situation = { policy, remediation, world: { remediations, slots }, now: at(100) };
        const [wait] = [breakerClosed(situation), controlPlaneIsFree(situation), hasSlot(situation)].filter(
          ({ kind }) => kind === 'wait',
        );
        return wait?.kind === 'wait' ? wait.reason : null;
      };
      const asleep = now.filter(
        (one) =>
          one !== changed &&
          one.status.phase === 'Pending' &&
          one.status.reason !== undefined &&
          one.status.reason === waitsFor(one, before) &&
          waitsFor(one, now) === null,
      );
      const woken = concernedBy(was, changed, now, () => slots);
      expect(woken).toEqual(expect.arrayContaining(asleep));
    }),
    { numRuns: 5000 },
  );
});
