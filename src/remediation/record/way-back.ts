/** How the status changes with the report of a rollback, and with what people do to a quarantined node. */
import type { RollbackReport } from '../../api/agent-protocol.ts';
import { MAX_INTERFERENCE, type RemediationStatus } from '../../api/remediation.ts';
import type { Finding } from '../verdict.ts';
import { isoTime, withCondition } from './conditions.ts';
import { beginStep, finishStep } from './steps.ts';

type Status = RemediationStatus;

export function rollbackReported(status: Status, report: RollbackReport, now: number): Status {
  const state = report.outcome === 'rolled-back' ? 'True' : 'False';
  const marked = withCondition(status, 'RolledBack', state, report.reason, report.message, now);
  const reported = { ...finishStep(marked, 'Rollback', now, report.message), rollback: report };
  return report.watched === false ? beginStep(reported, 'Guard', now) : reported;
}

/** Not before the quarantine began: a clock that was put back since would make it one of an earlier quarantine. */
export function interfered(
  status: Status,
  { what, message }: Extract<Finding, { kind: 'interfered' }>,
  now: number,
): Status {
  const heldSince = Date.parse(status.quarantine?.heldSince ?? '') || 0;
  const at = isoTime(Math.max(now, heldSince));
  const interference = [...status.interference, { at, what, message }];
  return { ...status, interference: interference.slice(-MAX_INTERFERENCE) };
}
