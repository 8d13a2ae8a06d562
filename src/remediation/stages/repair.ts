/** 3. The node-side Job: started once, read once, and understood as one of its closed outcomes. */
import { type KubeletDirectory, type RepairReport, repairReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { JOB_REMOVAL_MS, JOB_REPORT_MS, JOB_START_MS, RECHECK_MS } from '../deadlines.ts';
import { stepAge, stepStartedAt } from '../facts.ts';
import { readReport } from '../report.ts';
import { act, type Ending, end, pass, record, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

/** The agent never ran, so nothing was written. */
export const DID_NOT_START = 'JobDidNotStart';

export function repair(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { repair: report } = remediation.status;
  if (report) return judge(report);
  if (!world.node) return end(nodeGone);

  const job = world.repairJob;
  const { reason, message, repairRetriedAt } = remediation.status;
  const age = repairRetriedAt ? situation.now - Date.parse(repairRetriedAt) : stepAge(situation, 'Repair');
  // A first run may have written before it fell silent; only a first Job that never ran is known to be harmless.
  const notStarted = (why: string | null): Ending =>
    repairRetriedAt
      ? silent(`It could not be started again: ${why ?? 'no reason was given'}.`)
      : didNotStart(why);
  if (!job && reason === DID_NOT_START) return end(notStarted(message ?? null));
  if (!job && age > JOB_REPORT_MS) return end(silent('Its Job is gone.'));
  // Also where the Job stands but its start was not written down: the deadlines count from that record.
  if (!job || stepStartedAt(remediation, 'Repair') === null) return act({ kind: 'start-repair' });
  switch (job.state) {
    case 'starting':
      if (age <= JOB_START_MS)
        return wait('AgentStarting', job.blockedBy ?? 'The repair Job was created.', RECHECK_MS);
      // Given up only after the Job is taken back: it must not start once the node was given back.
      if (!job.deleting) return act({ kind: 'cancel-repair', why: job.blockedBy ?? 'no reason was given' });
      if (age > JOB_START_MS + JOB_REMOVAL_MS) return end(notStarted(job.blockedBy));
      return wait('AgentStarting', 'The repair Job is being removed.', RECHECK_MS);
    case 'running':
      if (age > JOB_REPORT_MS) return end(silent('It still runs.'));
      return wait('AgentRunning', 'The agent works on the node.', RECHECK_MS);
    case 'ended': {
      if (job.message === null && job.blockedBy !== null) return end(notStarted(job.blockedBy));
      const read = readReport(repairReportSchema, job.message, remediation.uid);
      if (read.kind === 'ok') return reported(read.report, remediation.status.repairDirectory, job.deleting);
      if (job.deleting) return startingAgain;
      // A node that lost its power, an agent that was killed: the next run finishes or undoes what the journal on
      // the node says. Once, because a second silence has another reason.
      return repairRetriedAt ? end(silent(read.problem)) : act({ kind: 'retry-repair' });
    }
    default:
      return assertNever(job.state);
  }
}

/**
 * Most reports are ends. One that says where the agent would have to write and was not let is answered once, with
 * an agent that may write there instead. While that directory is on record, the report that asked for it is the
 * first agent's, whose Job is on its way out: the second one was given it and cannot ask for it.
 */
function reported(report: RepairReport, given: KubeletDirectory | undefined, deleting: boolean): Verdict {
  const { needs } = report;
  if (needs === undefined || (given !== undefined && needs !== given))
    return record({ kind: 'repair-reported', report });
  return deleting || needs === given ? startingAgain : act({ kind: 'move-repair', directory: needs });
}

const startingAgain = wait('AgentStarting', 'The agent is about to be started again.', RECHECK_MS);

/** What a report means for the rest of the incident. */
function judge(report: RepairReport): Verdict {
  const told = { message: report.message, ...(report.advice ? { advice: report.advice } : {}) };
  switch (report.outcome) {
    case 'repaired':
    case 'already-right':
      return pass;
    case 'refused':
      // The kubelet is right and only the pod's sandbox is older than that: the proof pod will show it, and
      // recreating the pod is the whole repair.
      if (report.reason === 'CurrentIsUsable') return pass;
      return end({ phase: 'Refused', reason: report.reason, ...told, hold: false });
    case 'rolled-back':
      return end({ phase: 'RolledBack', reason: report.reason, ...told, hold: false });
    case 'failed': {
      const harmless = report.nodeUnchanged && report.kubelet?.active !== false;
      return end({ phase: 'Failed', reason: report.reason, ...told, hold: !harmless });
    }
    default:
      return assertNever(report.outcome);
  }
}

const nodeGone: Ending = {
  phase: 'Failed',
  reason: 'NodeGone',
  message: 'The node disappeared during the repair.',
  hold: false,
};

const didNotStart = (why: string | null): Ending => ({
  phase: 'Failed',
  reason: DID_NOT_START,
  message: `The repair Job could not start, so nothing was written to the node: ${why ?? 'no reason was given'}.`,
  advice:
    'Make the operator image available on the node, or see why the kubelet does not start the pod: kubectl -n dnshealth-node describe pods.',
  hold: false,
});

const silent = (why: string): Ending => ({
  phase: 'Failed',
  reason: 'NoReport',
  message: `The agent may have changed the node but did not report: ${why}`,
  advice:
    'Look at kubelet.service and at /var/lib/dnshealth on the node: a backup of the kubelet configuration is there if it was changed.',
  hold: true,
});
