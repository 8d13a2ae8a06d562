/** Nobody has paused the policy, or all policies. */
import type { PauseEntry } from '../../api/policy/pause.ts';
import { QUIET_RECHECK_MS } from '../deadlines.ts';
import { activePauses, nextEndOfPause } from '../maintenance/pauses.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { PauseOfAll, PolicyView, World } from '../world.ts';

export function notPaused({
  policy,
  world: { pauseOfAll },
  now,
}: {
  readonly policy: Pick<PolicyView, 'pause'> | null;
  readonly world: Pick<World, 'pauseOfAll'>;
  readonly now: number;
}): Verdict {
  const pause = policy?.pause ?? [];
  const entries = activePauses(pause, now);
  if (entries.length === 0 && pauseOfAll === null) return pass;
  // Also where others remain: the record says which ones hold it.
  const next = nextEndOfPause(pause, now) ?? Number.POSITIVE_INFINITY;
  return wait('Paused', whyPaused(entries, pauseOfAll), Math.min(QUIET_RECHECK_MS, next - now));
}

/** Who paused, and why. */
function whyPaused(entries: readonly PauseEntry[], pauseOfAll: PauseOfAll | null): string {
  const ofAll =
    pauseOfAll === null
      ? []
      : [
          `All policies are paused by the annotation dnshealth.io/pause of namespace dnshealth-system: "${pauseOfAll.reason}" (${pauseOfAll.by}).`,
        ];
  const own = entries.map(
    ({ reason, by, until }) =>
      `The policy is paused: "${reason}" (${by}${until === undefined ? '' : `, until ${until}`}).`,
  );
  return [...ofAll, ...own, 'What has begun ends; nothing else begins.'].join(' ');
}
