/** The record: how each effect and each finding changes the status. */
import type { GuardReport } from '../../api/agent-protocol.ts';
import type { Answer } from '../../api/answer.ts';
import { assertNever } from '../../api/assert-never.ts';
import type { QuarantineRecord } from '../../api/quarantine-record.ts';
import type { Phase, RemediationSpec, RemediationStatus, StepName } from '../../api/remediation.ts';
import { beganAt } from '../../api/trigger.ts';
import { changedTheNode } from '../facts.ts';
import type { EffectResult, Ending, Finding, PlainEffect, ProbedPod, TakeBackRepair } from '../verdict.ts';
import { failedBefore } from '../verification/before.ts';
import { afterAttempt, beforeAttempt } from './attempts.ts';
import { isoTime, withCondition } from './conditions.ts';
import {
  approvalWithdrawn,
  inspectionStarted,
  mayStillWait,
  phaseOfWait,
  planApproved,
  planMade,
} from './planned.ts';
import { isProven } from './proof.ts';
import { beginStep, finishStep } from './steps.ts';
import { withWaitingSince } from './waiting-since.ts';
import { interfered, rollbackReported } from './way-back.ts';

type Status = RemediationStatus;

/** As many deleted Jobs as a record keeps: an attempt deletes three at most. */
const KEPT_JOBS = 12;

/** After an effect was carried out. */
export function afterEffect(status: Status, result: EffectResult, now: number): Status {
  return withWaitingSince(status, withEffect(status, result, now), now);
}

function withEffect(status: Status, result: EffectResult, now: number): Status {
  switch (result.kind) {
    case 'quarantined':
      return quarantined(status, result.record, now);
    case 'repair-started':
      return beginStep(inPhase(withBefore(status, result.before, now), 'Repairing'), 'Repair', now);
    case 'probed':
      return probed(status, result.pod, result.answers, now);
    case 'surveyed':
      return { ...status, otherPods: result.otherPods };
    case 'done':
      return done(status, result.effect, now);
    default:
      return assertNever(result);
  }
}

function done(status: Status, effect: PlainEffect, now: number): Status {
  switch (effect.kind) {
    case 'take-back-repair':
      return takenBack(status, effect, now);
    case 'start-inspection':
      return inspectionStarted(status, effect.forPlan === true, now);
    case 'start-rollback':
      return beginStep(inPhase(status, 'RollingBack'), 'Rollback', now);
    case 'remove-inspection':
    case 'exclude':
    case 'include':
      return status;
    case 'start-proof':
      return beginStep(inPhase(status, 'Proving'), 'Prove', now);
    case 'release':
      return released(status, now);
    case 'stand-back':
      return stoodBack(status, effect, now);
    case 'recreate':
      return recreated(status, effect.pods, now);
    case 'remove-proof-pod':
      return status;
    default:
      return assertNever(effect);
  }
}

/** The first answers count: a Job that is started once more may have changed the node before. */
function withBefore(
  status: Status,
  before: Extract<EffectResult, { kind: 'repair-started' }>['before'],
  now: number,
): Status {
  if (status.before || !before) return status;
  const { pod, answers } = before;
  return {
    ...status,
    before: { pod: pod.name, node: pod.node, askedAt: isoTime(now), answers: [...answers] },
  };
}

function takenBack(status: Status, { because, why, uid, directory }: TakeBackRepair, now: number): Status {
  return {
    ...status,
    repairTakenBack: [...status.repairTakenBack, { at: isoTime(now), because, why, uid }].slice(-KEPT_JOBS),
    ...(directory === undefined ? {} : { repairDirectory: directory }),
  };
}

function inPhase(status: Status, phase: Phase): Status {
  const { reason: _reason, message: _message, ...rest } = status;
  return { ...rest, phase };
}

function quarantined(status: Status, record: QuarantineRecord, now: number): Status {
  const quarantine = {
    strategy: record.strategy,
    nodeWasUnschedulable: record.wasUnschedulable,
    heldSince: isoTime(now),
  };
  const why =
    record.strategy === 'Cordon'
      ? 'The node is cordoned.'
      : 'The node has the taint dnshealth.io/quarantine:NoSchedule.';
  const marked = withCondition(status, 'Quarantined', 'True', record.strategy, why, now);
  // Quarantined again after a failure: the phase is final and stays.
  if (status.hold !== undefined) return { ...marked, quarantine, hold: 'Held' };
  const begun = beginStep(inPhase(marked, 'Quarantining'), 'Quarantine', now);
  return { ...finishStep(begun, 'Quarantine', now, why), quarantine };
}

function released(status: Status, now: number): Status {
  const marked = withCondition(status, 'Quarantined', 'False', 'Released', 'The node was released.', now);
  const { heldSince: _heldSince, ...quarantine } = status.quarantine ?? {
    strategy: 'Cordon' as const,
    nodeWasUnschedulable: false,
  };
  if (status.nextAttempt !== undefined) return withoutQuarantine(marked);
  if (status.finishedAt !== undefined) return { ...marked, quarantine };
  const begun = beginStep(inPhase(marked, 'Releasing'), 'Release', now);
  return {
    ...finishStep(begun, 'Release', now, 'The scheduling state of the node was restored.'),
    quarantine,
  };
}

/** As before the admission, with the reason for the wait. */
function stoodBack(status: Status, why: { reason: string; message: string }, now: number): Status {
  const { quarantine: _quarantine, ...rest } = status;
  const undone: readonly StepName[] = ['Quarantine', 'Repair', 'Rollback'];
  return {
    ...withCondition(rest, 'Quarantined', 'False', 'Released', 'The node was released.', now),
    phase: 'Pending',
    reason: why.reason,
    message: why.message,
    steps: status.steps.filter(({ name }) => !undone.includes(name)),
    repairTakenBack: status.repairTakenBack.filter(({ because }) => because !== 'LastServingPod'),
  };
}

/** Between two attempts the incident is as it was before the first one: the guards are asked again. */
function withoutQuarantine({ quarantine: _quarantine, ...rest }: Status): Status {
  return rest;
}

function recreated(status: Status, pods: readonly Status['deletedPods'][number][], now: number): Status {
  const deletedPods = [...status.deletedPods, ...pods];
  return finishStep(
    beginStep({ ...inPhase(status, 'Recreating'), deletedPods }, 'Recreate', now),
    'Recreate',
    now,
    deletedPods.length === 0
      ? 'No DNS pod had to be deleted.'
      : `Deleted ${deletedPods.map((pod) => pod.name).join(', ')}.`,
  );
}

function probed(status: Status, pod: ProbedPod, answers: readonly Answer[], now: number): Status {
  const last = status.verification;
  const sameContainer =
    last?.podUID === pod.uid &&
    last.containerID === pod.containerID &&
    last.restartCount === pod.restartCount;
  const answered = answers.length > 0 && answers.every((one) => one.ok || failedBefore(status, one));
  const firstSuccess = answered
    ? ((sameContainer ? last.firstSuccess : undefined) ?? isoTime(now))
    : undefined;
  return {
    ...status,
    verification: {
      pod: pod.name,
      podUID: pod.uid,
      podIP: pod.ip,
      node: pod.node,
      containerID: pod.containerID,
      restartCount: pod.restartCount,
      ...(firstSuccess ? { firstSuccess } : {}),
      lastAttempt: isoTime(now),
      answers: [...answers],
    },
  };
}

/** After a finding. */
export function afterFinding(status: Status, finding: Finding, now: number): Status {
  return withWaitingSince(status, withFinding(status, finding, now), now);
}

function withFinding(status: Status, finding: Finding, now: number): Status {
  switch (finding.kind) {
    case 'admitted':
      return inPhase(status, 'Quarantining');
    case 'pod-fails':
      return { ...status, failingPod: { ...finding.pod, since: isoTime(now) } };
    case 'inspected': {
      const { report, rewrittenBy } = finding;
      const inspection = { inspection: report, rewrittenBy: [...rewrittenBy] };
      return { ...finishStep(status, 'Inspect', now, report.message), ...inspection };
    }
    case 'planned':
      return planMade(status, finding, now);
    case 'approved':
      return planApproved(status, finding, now);
    case 'approval-withdrawn':
      return approvalWithdrawn(status);
    case 'not-inspected':
      return finishStep(status, 'Inspect', now, finding.why);
    case 'repair-reported':
      return repairReported(status, finding, now);
    case 'rollback-reported':
      return rollbackReported(status, finding.report, now);
    case 'interfered':
      return interfered(status, finding, now);
    case 'guard-reported':
      return guardReported(status, finding.report, now);
    case 'proof-reported': {
      const { report } = finding;
      const good = isProven(report);
      return {
        ...finishStep(
          withCondition(status, 'Proven', good ? 'True' : 'False', report.reason, report.message, now),
          'Prove',
          now,
          report.message,
        ),
        proof: report,
      };
    }
    case 'verification-began':
      return beginStep(inPhase(status, 'Verifying'), 'Verify', now);
    case 'verified':
      return verified(status, 'Verified', finding.message, now);
    case 'attempt-ended':
      return afterAttempt(status, finding.ending, now);
    case 'attempt-begins':
      return beforeAttempt(status);
    default:
      return assertNever(finding);
  }
}

function repairReported(
  status: Status,
  { report, rewrittenBy = [] }: Extract<Finding, { kind: 'repair-reported' }>,
  now: number,
): Status {
  const good = changedTheNode({ repair: report }) || report.outcome === 'already-right';
  const state = good ? 'True' : 'False';
  const marked = withCondition(status, 'Repaired', state, report.reason, report.message, now);
  const reported = {
    ...finishStep(marked, 'Repair', now, report.message),
    repair: report,
    rewrittenBy: [...rewrittenBy],
  };
  return report.watched === false ? beginStep(reported, 'Guard', now) : reported;
}

/** The change has its condition already; a guard that had to act, or that was lost, takes it back. */
function guardReported(status: Status, report: GuardReport, now: number): Status {
  const marked =
    report.outcome === 'kept'
      ? status
      : withCondition(
          status,
          status.rollback ? 'RolledBack' : 'Repaired',
          'False',
          report.reason,
          report.message,
          now,
        );
  return { ...finishStep(marked, 'Guard', now, report.message), guard: report };
}

function verified(status: Status, reason: string, message: string, now: number): Status {
  const marked = withCondition(status, 'Verified', 'True', reason, message, now);
  return finishStep(marked, 'Verify', now, message);
}

/** A wait of an incident that is under way is written when its step takes longer than this: most are over by then. */
const LONG_STEP_MS = 5_000;

/**
 * Why an incident waits, for `kubectl describe`. The same reason twice changes nothing. One that was admitted, and may
 * not begin after all, gives its slot back.
 */
export function whileWaiting(status: Status, reason: string, message: string, now: number): Status {
  const hasBegun = !mayStillWait(status);
  if (hasBegun && !takesLong(status, now)) return status;
  const phase = hasBegun ? status.phase : phaseOfWait(reason);
  return status.phase === phase && status.reason === reason && status.message === message
    ? status
    : withWaitingSince(status, { ...status, phase, reason, message }, now);
}

function takesLong({ finishedAt, steps }: Status, now: number): boolean {
  const step = steps.at(-1);
  // The reason of an outcome stays.
  return finishedAt === undefined && step !== undefined && now - Date.parse(step.startedAt) > LONG_STEP_MS;
}

/** The outcome. */
export function afterEnd(before: Status, ending: Ending, spec: RemediationSpec, now: number): Status {
  const { nextAttempt: _due, waitingSince: _since, advice: _advice, ...status } = before;
  // What was only planned says nothing of the node's DNS.
  const ended =
    spec.trigger === 'Rollback' || ending.phase === 'Planned' || ending.phase === 'Expired'
      ? status
      : ending.phase === 'Healed'
        ? verified(status, ending.reason, ending.message, now)
        : withCondition(status, 'Verified', 'False', ending.reason, ending.message, now);
  const held = status.quarantine?.heldSince !== undefined;
  return {
    ...ended,
    phase: ending.phase,
    reason: ending.reason,
    message: ending.message,
    ...(ending.advice ? { advice: ending.advice } : {}),
    ...(ending.hold ? { hold: held ? ('Held' as const) : ('Restore' as const) } : {}),
    finishedAt: isoTime(now),
    took: `${Math.max(0, Math.round((now - beganAt(spec)) / 1000))}s`,
  };
}
