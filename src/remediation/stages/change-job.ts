/**
 * The Job that changes something on a node, by a repair or a rollback: started, read once, and understood as one of its
 * closed outcomes.
 *
 * | the Job                       | answer                                                                      |
 * | ----------------------------- | --------------------------------------------------------------------------- |
 * | there is none                 | start it; end if it was taken back as NeverStarted, or a report is overdue  |
 * | starting                      | wait; when its start is overdue, take it back: NeverStarted                 |
 * | running                       | wait; end when its report is overdue                                        |
 * | ended, its agent never ran    | end                                                                         |
 * | ended with a report           | record it, and the stage judges it                                          |
 * | ended, asks for a directory   | take it back, once: Elsewhere                                               |
 * | … without a report, guarded   | wait until its guard has settled what it left; end when that is overdue     |
 * | ended without a report        | take it back, once: Silent. A second silence has another reason, so end     |
 * | taken back, not gone yet      | wait                                                                        |
 *
 * A Job that never ran has written nothing, so the node is released. After a silent run that is no longer certain.
 */
import type { z } from 'zod';
import type { KubeletDirectory } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { JOB_REMOVAL_MS, JOB_REPORT_MS, JOB_START_MS, RECHECK_MS } from '../deadlines.ts';
import {
  changeStep,
  isBeingRemoved,
  notYetStarted,
  observedAge,
  stepAge,
  stepStartedAt,
  takenBack,
  workOf,
} from '../facts.ts';
import { readReport } from '../record/report.ts';
import { act, type Ending, end, type TakeBackRepair, type Verdict, wait } from '../verdict.ts';
import type { AgentRun, Situation } from '../world.ts';
import { NODE_GONE } from './node-gone.ts';

interface ChangeReport {
  readonly nonce: string;
  readonly message: string;
  /** Directory that the agent needs write access to. */
  readonly needs?: KubeletDirectory | undefined;
}

interface ChangeJob<Report extends ChangeReport> {
  readonly start: Verdict;
  readonly schema: z.ZodType<Report>;
  /** The report is read; what is recorded of it. */
  readonly reported: (report: Report, situation: Situation) => Verdict;
}

/** Until its report is recorded. */
export function followJob<Report extends ChangeReport>(
  situation: Situation,
  change: ChangeJob<Report>,
): Verdict {
  const { remediation, world } = situation;
  if (!world.node) return end(NODE_GONE);

  const job = world.repairJob;
  const neverStarted = takenBack(situation, 'NeverStarted');
  if (!job && neverStarted) return end(didNotStart(situation, neverStarted.why));
  if (!job && attemptAge(situation) > JOB_REPORT_MS) return end(silent('Its Job was deleted.'));
  // Also where the Job exists but its start was not recorded: the deadlines count from that record.
  if (!job || stepStartedAt(remediation, changeStep(remediation)) === null) return change.start;
  switch (job.state) {
    case 'starting':
      return whileStarting(situation, job);
    case 'running':
      if (attemptAge(situation) > JOB_REPORT_MS) return end(silent('It is still running.'));
      return wait('AgentRunning', `The agent is working on ${nodeOf(situation)}.`, RECHECK_MS);
    case 'ended':
      return afterItEnded(situation, job, change);
    default:
      return assertNever(job.state);
  }
}

/** Since the step began, or since it was tried again after a silent run. */
function attemptAge(situation: Situation): number {
  const retried = takenBack(situation, 'Silent');
  return retried
    ? observedAge(situation, Date.parse(retried.at))
    : stepAge(situation, changeStep(situation.remediation));
}

function whileStarting(situation: Situation, job: AgentRun): Verdict {
  const age = attemptAge(situation);
  if (age <= JOB_START_MS)
    return wait(
      'AgentStarting',
      notYetStarted(`${workOf(situation.remediation)} Job`, situation, job),
      RECHECK_MS,
    );
  // The Job is deleted before the incident ends: it must not start after the node was released.
  if (!isBeingRemoved(situation, job)) return act(takeBackUnstarted(job));
  if (age > JOB_START_MS + JOB_REMOVAL_MS) return end(didNotStart(situation, whyBlocked(job)));
  return wait(
    'AgentStarting',
    `The ${workOf(situation.remediation)} Job on ${nodeOf(situation)} is being removed.`,
    RECHECK_MS,
  );
}

function afterItEnded<Report extends ChangeReport>(
  situation: Situation,
  job: AgentRun,
  { schema, reported }: ChangeJob<Report>,
): Verdict {
  const { remediation } = situation;
  if (job.message === null && job.blockedBy !== null) return end(didNotStart(situation, job.blockedBy));
  const read = readReport(schema, job.message, remediation.uid);
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

const nodeOf = ({ remediation }: Situation): string => remediation.spec.node.name;
const whyBlocked = (job: AgentRun): string => job.blockedBy ?? 'no reason was given';

export const takeBackUnstarted = (job: AgentRun): TakeBackRepair => ({
  kind: 'take-back-repair',
  because: 'NeverStarted',
  why: whyBlocked(job),
  uid: job.uid,
});

function didNotStart(situation: Situation, why: string): Ending {
  // The silent run before it may have written.
  if (takenBack(situation, 'Silent')) return silent(`It could not be started again: ${why}.`);
  return {
    phase: 'Failed',
    reason: 'JobDidNotStart',
    message: `The Job could not start, so nothing was written to the node: ${why}.`,
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
