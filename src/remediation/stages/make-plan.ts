/**
 * The plan: a Job that only reads finds out what a repair would do to the node.
 *
 * | the inspection                    | answer                                                                |
 * | --------------------------------- | --------------------------------------------------------------------- |
 * | does not exist                    | start it, in its turn; end when its report is overdue                 |
 * | is an old one                     | delete it: its name is that of the next one                           |
 * | starting, or running              | wait; end when its report is overdue                                  |
 * | ended: a change, or nothing to do | record the plan                                                       |
 * | ended: refused                    | end, as the repair would                                              |
 * | ended without a report            | end; the next attempt follows by itself                               |
 */
import { type InspectReport, inspectReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { explainRewrite } from '../../diagnosis/rewriters/explain.ts';
import { INSPECTION_MS, RECHECK_MS } from '../deadlines.ts';
import { notYetStarted, stepAge, stepIsFinished, stepStartedAt } from '../facts.ts';
import { planOf } from '../planning/plan-of.ts';
import { readReport } from '../record/report.ts';
import { act, end, record, type Verdict, wait } from '../verdict.ts';
import type { AgentRun, Situation } from '../world.ts';

/** An image may have to be pulled on each node. */
const MAX_PLANNING = 5;

/** @param waits the plan is to be approved */
export function makePlan(situation: Situation, waits: boolean): Verdict {
  const { remediation, world } = situation;
  const job = world.inspection;
  if (job?.deleting) return wait('Planning', 'The last inspection is being removed.', RECHECK_MS);
  if (job && stepIsFinished(remediation, 'Inspect')) return act({ kind: 'remove-inspection' });
  const isBegun = stepStartedAt(remediation, 'Inspect') !== null && !stepIsFinished(remediation, 'Inspect');
  // Also where the Job exists but its start was not recorded: the deadline counts from that record.
  if (!isBegun) return job || isItsTurn(situation) ? START : LATER;
  const isLate = stepAge(situation, 'Inspect') > INSPECTION_MS;
  if (!job) return isLate ? failed('Its Job no longer exists.') : START;
  switch (job.state) {
    case 'starting':
    case 'running':
      if (isLate)
        return failed(`Its Job did not report in time: ${job.blockedBy ?? `it is still ${job.state}`}.`);
      return wait('Planning', notYetStarted('inspection', situation, job), RECHECK_MS);
    case 'ended':
      return afterItEnded(situation, job, waits);
    default:
      return assertNever(job.state);
  }
}

const START = act({ kind: 'start-inspection', forPlan: true });
const LATER = wait(
  'PlansInProgress',
  `${MAX_PLANNING} other nodes are inspected for their plans. This one follows.`,
  RECHECK_MS,
);

function isItsTurn({ remediation, world }: Situation): boolean {
  const busy = world.remediations.filter(
    (other) => other.name !== remediation.name && other.status.phase === 'Planning',
  );
  return busy.length < MAX_PLANNING;
}

function afterItEnded(situation: Situation, job: AgentRun, waits: boolean): Verdict {
  const { remediation, world } = situation;
  const read = readReport(inspectReportSchema, job.message, remediation.uid);
  if (read.kind === 'bad') return failed(job.blockedBy ?? read.problem);
  const { report } = read;
  switch (report.outcome) {
    case 'would-change':
      if (!report.change) return failed('Its report does not say which bytes would be changed.');
      return planned(situation, report, waits);
    case 'already-right':
      return planned(situation, report, waits);
    case 'refused':
      return refused(situation, report, waits);
    case 'failed':
      return end({
        phase: 'Failed',
        reason: report.reason,
        message: report.message,
        advice: `Read the log of the inspection: \`kubectl -n dnshealth-node logs job/${remediation.name}-inspect\`.`,
        hold: false,
      });
    default:
      return assertNever(report.outcome);
  }

  function refused(now: Situation, found: InspectReport, isToBeApproved: boolean): Verdict {
    // The kubelet is right, and only the sandbox of the pod is older than that.
    if (found.reason === 'CurrentIsUsable') return planned(now, found, isToBeApproved);
    const { reason, message, advice } = found;
    const text = { reason, message, ...(advice && { advice }), hold: false };
    // The kubelet was restarted with the wrong file: the next check finds that, and begins an incident of its own.
    return end({ phase: reason === 'NotPendingInFile' ? 'Cancelled' : 'Refused', ...text });
  }

  function planned(now: Situation, found: InspectReport, isToBeApproved: boolean): Verdict {
    const { spec } = remediation;
    const provenAt = spec.trigger === 'Drift' ? spec.drift.provenAt : world.node?.checks?.provenAt;
    return record({
      kind: 'planned',
      plan: planOf(found, now, isToBeApproved),
      report: found,
      rewrittenBy: explainRewrite(found, provenAt),
    });
  }
}

const failed = (why: string): Verdict =>
  end({
    phase: 'Failed',
    reason: 'InspectionFailed',
    message: `No plan could be made, because the inspection of the node did not report. ${why}`,
    advice:
      'Make the operator image available on the node, or find out why the kubelet does not start the pod: `kubectl -n dnshealth-node describe pods`.',
    hold: false,
  });
