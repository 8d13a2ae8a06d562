/** How the record changes while a plan is made, answered, and made again. */
import type { Plan } from '../../api/plan.ts';
import type { Phase, RemediationStatus } from '../../api/remediation.ts';
import { hasNotBegun } from '../facts.ts';
import { shortHash } from '../planning/approval.ts';
import type { Finding } from '../verdict.ts';
import { isoTime } from './conditions.ts';
import { beginStep, finishStep } from './steps.ts';

type Status = RemediationStatus;

/** A later plan of the incident has a step of its own: deadlines count from its beginning. */
export function inspectionStarted(status: Status, forPlan: boolean, now: number): Status {
  if (!forPlan) return beginStep(status, 'Inspect', now);
  const { reason: _reason, message: _message, ...rest } = status;
  const steps = status.steps.filter((step) => step.name !== 'Inspect' || step.finishedAt === undefined);
  return beginStep({ ...rest, phase: 'Planning', steps }, 'Inspect', now);
}

/** An approval is of one plan, and counts for no other. */
export function planMade(
  status: Status,
  { plan, report, rewrittenBy }: Extract<Finding, { kind: 'planned' }>,
  now: number,
): Status {
  const {
    approval: _approval,
    advice: _advice,
    ...rest
  } = finishStep(status, 'Inspect', now, report.message);
  const made = { ...rest, plan, inspection: report, rewrittenBy: [...rewrittenBy] };
  return plan.expiresAt === undefined ? inLine(made) : awaitingApproval(made, plan);
}

/** Nobody has to approve it: an incident that is to be repaired takes its place in the line like any other. */
function inLine({ reason: _reason, message: _message, ...status }: Status): Status {
  return { ...status, phase: 'Pending' };
}

const awaitingApproval = (status: Status, plan: Plan): Status => ({
  ...status,
  phase: 'AwaitingApproval',
  reason: 'AwaitingApproval',
  message: `Waiting for an approval of plan ${shortHash(plan.hash)}.`,
});

export function planApproved(
  status: Status,
  { hash, by }: Extract<Finding, { kind: 'approved' }>,
  now: number,
): Status {
  return inLine({ ...status, approval: { hash, by, at: isoTime(now) } });
}

export function approvalWithdrawn({ approval: _approval, ...status }: Status): Status {
  return status.plan ? awaitingApproval(status, status.plan) : status;
}

/** What is waited for before anything has begun shows in the phase: a person, an inspection, or its turn. */
const PHASES: Readonly<Record<string, Phase>> = {
  AwaitingApproval: 'AwaitingApproval',
  ApprovalOutdated: 'AwaitingApproval',
  Planning: 'Planning',
};

/** The phase of an incident that has not begun, and waits for this reason. */
export const phaseOfWait = (reason: string): Phase => PHASES[reason] ?? 'Pending';

/** Of one that may be admitted, and has done nothing yet. */
export const isOnlyAdmitted = ({ phase, quarantine }: Status): boolean =>
  phase === 'Quarantining' && quarantine === undefined;

/** Nothing was done that a wait would have to keep. */
export const mayStillWait = (status: Status): boolean => hasNotBegun({ status }) || isOnlyAdmitted(status);
