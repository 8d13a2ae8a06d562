/** What a guard is: one reason not to begin a repair now, as a wait, an end or `pass`. */
import { end, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export type Guard = (situation: Situation) => Verdict;

/** Ends an incident under which nothing was changed. */
export const cancelled = (reason: string, message: string): Verdict =>
  end({ phase: 'Cancelled', reason, message, hold: false });
