/** Holds back an effect that was just carried out: the caches may not show its result yet. */
import { isDeepStrictEqual } from 'node:util';
import { RECHECK_MS } from '../../remediation/deadlines.ts';
import type { Effect } from '../../remediation/verdict.ts';

/** A watch is normally a few milliseconds behind, and its event ends the pause. */
const FIRST_PAUSE_MS = 50;

export interface RecentEffects {
  /** How long an effect has to wait before it is carried out again: from 50 ms, doubling up to `RECHECK_MS`. */
  pauseMs(incident: string, effect: Effect, now: number): number;
  /** It was carried out. */
  done(incident: string, effect: Effect, now: number): void;
  /** The incident went on in another way, is over or was deleted. */
  forget(incident: string): void;
}

export function createRecentEffects(): RecentEffects {
  const last = new Map<string, { readonly effect: Effect; readonly times: number; readonly at: number }>();
  const repeated = (incident: string, effect: Effect) => {
    const known = last.get(incident);
    return known && isDeepStrictEqual(known.effect, effect) ? known : null;
  };
  return {
    pauseMs(incident, effect, now) {
      const known = repeated(incident, effect);
      if (!known) return 0;
      const pause = Math.min(RECHECK_MS, FIRST_PAUSE_MS * 2 ** (known.times - 1));
      return Math.max(0, known.at + pause - now);
    },
    done(incident, effect, now) {
      const times = (repeated(incident, effect)?.times ?? 0) + 1;
      last.set(incident, { effect, times, at: now });
    },
    forget(incident) {
      last.delete(incident);
    },
  };
}
