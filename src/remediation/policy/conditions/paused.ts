/** Paused: who has paused repairs, why, and until when. */
import type { PauseEntry } from '../../../api/policy/pause.ts';
import type { PolicyFacts } from '../facts.ts';
import { type Judgement, listed } from './judgement.ts';

export function paused(facts: PolicyFacts): Judgement {
  const { pauseOfAll } = facts;
  const entries = holding(facts.policy.pause, facts.now);
  if (entries.length === 0 && !pauseOfAll)
    return { status: 'False', reason: 'NotPaused', message: 'Nobody has paused repairs.' };
  const by = [
    ...(pauseOfAll ? [`${pauseOfAll.by} (all policies): ${pauseOfAll.reason}`] : []),
    ...entries.map(
      ({ reason, by: who, until }) => `${who}: ${reason}${until === undefined ? '' : ` (until ${until})`}`,
    ),
  ];
  return {
    status: 'True',
    reason: pauseOfAll ? 'AllPoliciesPaused' : 'Paused',
    message: `No repair begins; what has begun ends. Paused by ${listed(by)}.`,
  };
}

/** When the next pause ends by itself, epoch milliseconds; null if none does. */
export function nextEndOfPause(pause: readonly PauseEntry[], now: number): number | null {
  const ends = holding(pause, now).flatMap(({ until }) => (until === undefined ? [] : [Date.parse(until)]));
  return ends.length === 0 ? null : Math.min(...ends);
}

const holding = (pause: readonly PauseEntry[], now: number): readonly PauseEntry[] =>
  pause.filter(({ until }) => until === undefined || Date.parse(until) > now);
