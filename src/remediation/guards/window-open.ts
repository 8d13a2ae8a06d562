/** A maintenance window is open, or nobody's DNS could become worse. */
import { QUIET_RECHECK_MS, TURN_RECHECK_MS } from '../deadlines.ts';
import { openingOf, windowProblems } from '../maintenance/windows.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import { isYoung, serves } from '../verification/serving.ts';
import type { PolicyView, World } from '../world.ts';

export function windowOpen({
  policy,
  world,
  now,
}: {
  readonly policy: Pick<PolicyView, 'maintenance'> | null;
  readonly world: Pick<World, 'dnsPods'>;
  readonly now: number;
}): Verdict {
  if (!policy) return pass;
  const { windows, urgent } = policy.maintenance;
  const opening = openingOf(windows, now);
  if (opening.kind === 'open') return pass;
  if (urgent === 'Proceed' && !world.dnsPods.some((pod) => serves(pod, now) || isYoung(pod))) return pass;
  const { opensAt, window } = opening;
  const next =
    opensAt === null || window === null
      ? 'None ever opens.'
      : `The next one opens at ${new Date(opensAt).toISOString()} ("${window.cron}", ${window.timeZone}).`;
  const untilThen = opensAt === null ? QUIET_RECHECK_MS : opensAt - now;
  return wait(
    'OutsideWindow',
    [`No maintenance window of the policy is open. ${next}`, ...windowProblems(policy)].join(' '),
    // That no DNS pod serves any more is not always an event.
    urgent === 'Proceed' ? Math.min(untilThen, TURN_RECHECK_MS) : untilThen,
  );
}
