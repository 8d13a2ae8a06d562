/**
 * The node-side Job: started, read once, and understood as one of its closed outcomes.
 *
 * | the Job                       | answer                                                                      |
 * | ----------------------------- | --------------------------------------------------------------------------- |
 * | there is none                 | start it; end if it was taken back as NeverStarted, or a report is overdue  |
 * | starting                      | wait; when its start is overdue, take it back: NeverStarted                 |
 * | running                       | wait; end when its report is overdue                                        |
 * | ended, its agent never ran    | end                                                                         |
 * | ended with a report           | record it, and `judge` decides                                              |
 * | ended, asks for a directory   | take it back, once: Elsewhere                                               |
 * | … without a report, guarded   | wait until its guard has settled what it left; end when that is overdue     |
 * | ended without a report        | take it back, once: Silent. A second silence has another reason, so end     |
 * | taken back, not gone yet      | wait                                                                        |
 *
 * A Job that never ran has written nothing, so the node is released. After a silent run that is no longer certain.
 */
import { type RepairReport, repairReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { explainRewrite } from '../../diagnosis/rewriters/explain.ts';
import { JOB_REMOVAL_MS, JOB_REPORT_MS, JOB_START_MS, RECHECK_MS } from '../deadlines.ts';
import { isBeingRemoved, notYetStarted, observedAge, stepAge, stepStartedAt, takenBack } from '../facts.ts';
import { approvedOf } from '../planning/approval.ts';
import { readReport } from '../record/report.ts';
import {
  act,
  type Effect,
  type Ending,
  end,
  pass,
  record,
  type TakeBackRepair,
  type Verdict,
  wait,
} from '../verdict.ts';
import type { AgentRun, Situation } from '../world.ts';
import { NODE_GONE } from './node-gone.ts';

export function repair(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { repair: report } = remediation.status;
  if (report) return judge(report);
  if (!world.node) return end(NODE_GONE);

  const job = world.repairJob;
  const neverStarted = takenBack(situation, 'NeverStarted');
  if (!job && neverStarted) return end(didNotStart(situation, neverStarted.why));
  if (!job && attemptAge(situation) > JOB_REPORT_MS) return end(silent('Its Job was deleted.'));
  // Also where the Job exists but its start was not recorded: the deadlines count from that record.
  if (!job || stepStartedAt(remediation, 'Repair') === null) return act(start(situation));
  switch (job.state) {
    case 'starting':
      return whileStarting(situation, job);
    case 'running':
      if (attemptAge(situation) > JOB_REPORT_MS) return end(silent('It is still running.'));
      return wait('AgentRunning', `The agent is working on ${nodeOf(situation)}.`, RECHECK_MS);
    case 'ended':
      return afterItEnded(situation, job);
    default:
      return assertNever(job.state);
  }
}

/** Bound to what was approved, unless nobody has to be asked any more. */
function start({ policy, remediation }: Situation): Effect {
  const approved = policy?.mode === 'Repair' ? undefined : approvedOf(remediation.status);
  return { kind: 'start-repair', ...(approved && { approved }) };
}

/** Since the step began, or since it was tried again after a silent run. */
function attemptAge(situation: Situation): number {
  const retried = takenBack(situation, 'Silent');
  return retried ? observedAge(situation, Date.parse(retried.at)) : stepAge(situation, 'Repair');
}

function whileStarting(situation: Situation, job: AgentRun): Verdict {
  const age = attemptAge(situation);
  if (age <= JOB_START_MS)
    return wait('AgentStarting', notYetStarted('repair Job', situation, job), RECHECK_MS);
  // The Job is deleted before the incident ends: it must not start after the node was released.
  if (!isBeingRemoved(situation, job)) return act(takeBackUnstarted(job));
  if (age > JOB_START_MS + JOB_REMOVAL_MS) return end(didNotStart(situation, whyBlocked(job)));
  return wait('AgentStarting', `The repair Job on ${nodeOf(situation)} is being removed.`, RECHECK_MS);
}

function afterItEnded(situation: Situation, job: AgentRun): Verdict {
  const { remediation } = situation;
  if (job.message === null && job.blockedBy !== null) return end(didNotStart(situation, job.blockedBy));
  const read = readReport(repairReportSchema, job.message, remediation.uid);
  // A report counts even from a Job that was taken back: it says what happened to the node.
  if (read.kind === 'ok' && read.report.needs === undefined) return reported(read.report, situation);
  if (isBeingRemoved(situation, job))
    return wait('AgentStarting', `The agent on ${nodeOf(situation)} is being restarted.`, RECHECK_MS);

  if (read.kind === 'ok') {
    const { report } = read;
    // It was given another directory already: tried once is enough.
    if (remediation.status.repairDirectory !== undefined) return reported(report, situation);
    return act({
      kind: 'take-back-repair',
      because: 'Elsewhere',
      why: report.message,
      uid: job.uid,
      ...(report.needs ? { directory: report.needs } : {}),
    });
  }
  // Deleted now, the guard could be stopped in the middle of an undo.
  if (job.guard?.state === 'running' && attemptAge(situation) <= JOB_REPORT_MS)
    return wait('GuardSettling', 'The agent ended without a report, and its guard goes on.', RECHECK_MS);
  // The node lost power, or the agent was killed: the next run finishes or undoes what the journal on the node says.
  return takenBack(situation, 'Silent')
    ? end(silent(read.problem))
    : act({ kind: 'take-back-repair', because: 'Silent', why: read.problem, uid: job.uid });
}

/** With what may have brought the wrong value back, which is known best now: later the file is ours. */
function reported(report: RepairReport, { remediation, world }: Situation): Verdict {
  const { spec } = remediation;
  const provenAt = spec.trigger === 'Drift' ? spec.drift.provenAt : world.node?.checks?.provenAt;
  const rewrittenBy = explainRewrite(report, provenAt);
  return record({ kind: 'repair-reported', report, ...(rewrittenBy.length > 0 && { rewrittenBy }) });
}

const nodeOf = ({ remediation }: Situation): string => remediation.spec.node.name;
const whyBlocked = (job: AgentRun): string => job.blockedBy ?? 'no reason was given';

export const takeBackUnstarted = (job: AgentRun): TakeBackRepair => ({
  kind: 'take-back-repair',
  because: 'NeverStarted',
  why: whyBlocked(job),
  uid: job.uid,
});

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

function didNotStart(situation: Situation, why: string): Ending {
  // The silent run before it may have written.
  if (takenBack(situation, 'Silent')) return silent(`It could not be started again: ${why}.`);
  return {
    phase: 'Failed',
    reason: 'JobDidNotStart',
    message: `The repair Job could not start, so nothing was written to the node: ${why}.`,
    advice:
      'Make the operator image available on the node, or find out why the kubelet does not start the pod: `kubectl -n dnshealth-node describe pods`.',
    hold: false,
  };
}

const silent = (why: string): Ending => ({
  phase: 'Failed',
  reason: 'NoReport',
  message: `The agent may have changed the node, but it did not report. ${why}`,
  advice:
    'Check kubelet.service on the node. If the kubelet configuration was changed, its backup is in /var/lib/dnshealth.',
  hold: true,
});
