/** The Job that takes an earlier repair back, and what its report means. */
import { type RollbackReport, rollbackReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { act, end, pass, record, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { followJob } from './change-job.ts';
import { repair } from './repair.ts';

export function rollBack(situation: Situation): Verdict {
  const { rollback: report } = situation.remediation.status;
  return report
    ? judge(report)
    : followJob(situation, {
        start: act({ kind: 'start-rollback' }),
        schema: rollbackReportSchema,
        reported: (found) => record({ kind: 'rollback-reported', report: found }),
      });
}

/** Of a file alone: no end holds the node, which was never in quarantine. */
export function rollBackFile(situation: Situation): Verdict {
  const verdict = rollBack(situation);
  return verdict.kind === 'end' ? end({ ...verdict.ending, hold: false }) : verdict;
}

/** Whatever this record changes on its node. */
export const changeOnNode = (situation: Situation): Verdict =>
  situation.remediation.spec.trigger === 'Rollback' ? rollBack(situation) : repair(situation);

function judge(report: RollbackReport): Verdict {
  const text = { message: report.message, ...(report.advice ? { advice: report.advice } : {}) };
  switch (report.outcome) {
    case 'rolled-back':
      return pass;
    case 'refused':
      return end({ phase: 'Refused', reason: report.reason, ...text, hold: false });
    case 'failed': {
      const harmless = report.nodeUnchanged && report.kubelet?.active !== false;
      return end({ phase: 'Failed', reason: report.reason, ...text, hold: !harmless });
    }
    default:
      return assertNever(report.outcome);
  }
}
