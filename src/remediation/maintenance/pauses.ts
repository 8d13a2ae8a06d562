/** Which pauses hold a policy, and until when. */
import type { PauseEntry } from '../../api/policy/pause.ts';

/** Those that are not over. */
export const activePauses = (pause: readonly PauseEntry[], now: number): readonly PauseEntry[] =>
  pause.filter(({ until }) => until === undefined || now < Date.parse(until));

/** When the next of them ends by itself, epoch milliseconds; null if none does. Others may go on. */
export function nextEndOfPause(pause: readonly PauseEntry[], now: number): number | null {
  const ends = activePauses(pause, now).flatMap(({ until }) =>
    until === undefined ? [] : Date.parse(until),
  );
  return ends.length === 0 ? null : Math.min(...ends);
}
