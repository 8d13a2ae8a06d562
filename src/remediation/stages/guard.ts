/**
 * The guard of a repair, which watches the kubelet on the node while the incident proceeds: nothing ends the incident
 * before the guard has reported.
 *
 * | its container           | answer                                                                                |
 * | ----------------------- | ------------------------------------------------------------------------------------- |
 * | runs                    | the incident proceeds, but does not end; end when its report is overdue                |
 * | ended with a report     | record it, and `judge` decides                                                         |
 * | ended without a report  | end                                                                                    |
 * | gone, or never started  | end when its Job has ended or is gone                                                  |
 */
import { type GuardReport, guardReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { GUARD_WATCH_MS, JOB_REPORT_MS, RECHECK_MS } from '../deadlines.ts';
import { changeReport, stepAge, stepStartedAt } from '../facts.ts';
import { isoTime } from '../record/conditions.ts';
import { readReport } from '../record/report.ts';
import { type Ending, end, pass, record, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

type Stage = (situation: Situation) => Verdict;

/** After the repair: a guard that had to undo the change ends the incident, wherever that is by then. */
export function guardTripped(situation: Situation): Verdict {
  const { remediation } = situation;
  if (!isHandedOver(situation)) return pass;
  if (remediation.status.guard) return judge(remediation.status.guard, situation);
  const message = reportOf(situation);
  if (message === null) return pass;
  const read = readReport(guardReportSchema, message, remediation.uid);
  return read.kind === 'ok'
    ? record({ kind: 'guard-reported', report: read.report })
    : end(lost(`It ended without a report. ${read.problem}`));
}

/** What a stage has to say, except that nothing ends before the guard has reported. */
export const onceGuarded =
  (stage: Stage): Stage =>
  (situation) => {
    const verdict = stage(situation);
    return verdict.kind === 'end' && isOutstanding(situation) ? guardKept(situation) : verdict;
  };

/** At the end: the incident is only healed when the guard has reported that the kubelet was kept. */
export function guardKept(situation: Situation): Verdict {
  if (!isOutstanding(situation)) return pass;
  const job = situation.world.repairJob;
  if (!job) return end(lost('Its Job was deleted.'));
  if (job.state === 'ended' && job.guard === null) return end(lost('Its pod was deleted.'));
  const ageMs = stepAge(situation, 'Guard');
  if (ageMs > JOB_REPORT_MS) return end(lost('It is still running.'));
  // A time, not what is left of it: a record that waits is written when its message changes.
  const until = isoTime((stepStartedAt(situation.remediation, 'Guard') ?? situation.now) + GUARD_WATCH_MS);
  return wait(
    'GuardWatching',
    ageMs < GUARD_WATCH_MS
      ? `The guard watches the kubelet until ${until}.`
      : 'The guard waits for a kubelet that is slow, or was restarted or stopped by something else.',
    RECHECK_MS,
  );
}

/** The agent reported before the kubelet had been watched. */
const isHandedOver = ({ remediation }: Situation): boolean =>
  changeReport(remediation.status)?.watched === false;
const isOutstanding = (situation: Situation): boolean =>
  isHandedOver(situation) && situation.remediation.status.guard === undefined;

const reportOf = ({ world }: Situation): string | null => world.repairJob?.guard?.message ?? null;

function judge(
  { outcome, reason, message, advice, nodeUnchanged, kubelet }: GuardReport,
  { remediation }: Situation,
): Verdict {
  const text = { reason, message, ...(advice ? { advice } : {}) };
  switch (outcome) {
    case 'kept':
      return pass;
    case 'rolled-back':
      // Of a rollback it is the rollback that was undone.
      return end({
        phase: remediation.spec.trigger === 'Rollback' ? 'Failed' : 'RolledBack',
        ...text,
        hold: false,
      });
    case 'failed':
      return end({ phase: 'Failed', ...text, hold: !(nodeUnchanged && kubelet?.active === true) });
    case 'nothing-to-guard':
      return end(lost('It found nothing on the node that had to be guarded.'));
    default:
      return assertNever(outcome);
  }
}

const lost = (why: string): Ending => ({
  phase: 'Failed',
  reason: 'GuardLost',
  message: `The kubelet served after the change, but the guard did not report that it kept serving. ${why}`,
  advice:
    'Check kubelet.service on the node. If the kubelet does not keep running, restore the file from the backup in /var/lib/dnshealth.',
  hold: true,
});
