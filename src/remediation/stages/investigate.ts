/**
 * Before a node is left to an administrator because something keeps writing the wrong value: a Job that only reads finds
 * out what did. It decides nothing, so the incident ends in the same way if it fails.
 *
 * | the inspection          | answer                                                                 |
 * | ----------------------- | ---------------------------------------------------------------------- |
 * | is recorded             | end, as the guard says                                                 |
 * | does not exist          | start it; record that it failed when its report is overdue             |
 * | starting, or running    | wait; record that it failed when its report is overdue                 |
 * | ended with a report     | record it, with what may have written the file                         |
 * | ended without a report  | record that it failed                                                  |
 */
import { inspectReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { explainRewrite } from '../../diagnosis/rewriters/explain.ts';
import { INSPECTION_MS, RECHECK_MS } from '../deadlines.ts';
import { notYetStarted, stepAge, stepIsFinished, stepStartedAt } from '../facts.ts';
import { REPAIRED_TOO_OFTEN } from '../guards/not-too-often.ts';
import { readReport } from '../record/report.ts';
import { act, record, type Verdict, wait } from '../verdict.ts';
import type { AgentRun, Situation } from '../world.ts';

type Stage = (situation: Situation) => Verdict;

/**
 * What a stage has to say, except that an incident does not end for that reason before its node was inspected. The guards
 * are asked again each time: a policy that only observes, or a node that is excluded, never gets as far as this.
 */
export const onceInvestigated =
  (stage: Stage): Stage =>
  (situation) => {
    const verdict = stage(situation);
    const isLeft = verdict.kind === 'end' && verdict.ending.reason === REPAIRED_TOO_OFTEN;
    return isLeft && !stepIsFinished(situation.remediation, 'Inspect') ? investigate(situation) : verdict;
  };

function investigate(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const job = world.inspection;
  const isLate = stepAge(situation, 'Inspect') > INSPECTION_MS;
  if (!job && isLate) return failed('Its Job no longer exists.');
  // Also where the Job exists but its start was not recorded: the deadline counts from that record.
  if (!job || stepStartedAt(remediation, 'Inspect') === null) return act({ kind: 'start-inspection' });
  switch (job.state) {
    case 'starting':
    case 'running':
      if (isLate)
        return failed(`Its Job did not report in time: ${job.blockedBy ?? `it is still ${job.state}`}.`);
      return wait('Inspecting', notYetStarted('inspection', situation, job), RECHECK_MS);
    case 'ended':
      return afterItEnded(situation, job);
    default:
      return assertNever(job.state);
  }
}

function afterItEnded({ remediation: { uid, spec } }: Situation, job: AgentRun): Verdict {
  const read = readReport(inspectReportSchema, job.message, uid);
  if (read.kind === 'bad') return failed(job.blockedBy ?? read.problem);
  const provenAt = spec.trigger === 'Drift' ? spec.drift.provenAt : undefined;
  return record({
    kind: 'inspected',
    report: read.report,
    rewrittenBy: explainRewrite(read.report, provenAt),
  });
}

const failed = (why: string): Verdict => record({ kind: 'not-inspected', why });
