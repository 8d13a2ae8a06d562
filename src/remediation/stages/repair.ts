/** The repair Job of an incident, and what its report means for the rest of it. */
import { type RepairReport, repairReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { explainRewrite } from '../../diagnosis/rewriters/explain.ts';
import { approvedOf } from '../planning/approval.ts';
import { mayCorrect } from '../scope/remedies.ts';
import { act, type Effect, end, pass, record, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { followJob } from './change-job.ts';

export function repair(situation: Situation): Verdict {
  const { repair: report } = situation.remediation.status;
  return report
    ? judge(report)
    : followJob(situation, { start: act(start(situation)), schema: repairReportSchema, reported });
}

/** Bound to what was approved, unless nobody has to be asked any more. */
function start({ policy, remediation }: Situation): Effect {
  // Where the kubelet may not be corrected, the agent must find it right, whoever has changed it since the inspection.
  const approved = !mayCorrect(remediation.spec)
    ? ({ changes: 'Nothing' } as const)
    : policy?.mode === 'Repair'
      ? undefined
      : approvedOf(remediation.status);
  return { kind: 'start-repair', ...(approved && { approved }) };
}

/** With what may have brought the wrong value back, which is known best now: later the file is ours. */
function reported(report: RepairReport, { remediation, world }: Situation): Verdict {
  const { spec } = remediation;
  const provenAt = spec.trigger === 'Drift' ? spec.drift.provenAt : world.node?.checks?.provenAt;
  const rewrittenBy = explainRewrite(report, provenAt);
  return record({ kind: 'repair-reported', report, ...(rewrittenBy.length > 0 && { rewrittenBy }) });
}

/** What a report means for the rest of the incident. */
function judge(report: RepairReport): Verdict {
  const text = { message: report.message, ...(report.advice ? { advice: report.advice } : {}) };
  switch (report.outcome) {
    case 'repaired':
    case 'corrected':
    case 'already-right':
      return pass;
    case 'refused':
      // The kubelet is configured correctly and only the pod's sandbox is older than that: the proof pod shows it, and
      // recreating the pod is the whole repair.
      if (report.reason === 'CurrentIsUsable') return pass;
      // Of a file alone: the kubelet was restarted with it. The next check finds that, and begins an incident of its own.
      if (report.reason === 'NotPendingInFile')
        return end({ phase: 'Cancelled', reason: report.reason, ...text, hold: false });
      return end({ phase: 'Refused', reason: report.reason, ...text, hold: false });
    case 'rolled-back':
      return end({ phase: 'RolledBack', reason: report.reason, ...text, hold: false });
    case 'failed': {
      const harmless = report.nodeUnchanged && report.kubelet?.active !== false;
      return end({ phase: 'Failed', reason: report.reason, ...text, hold: !harmless });
    }
    default:
      return assertNever(report.outcome);
  }
}
