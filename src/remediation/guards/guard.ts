/** What a guard is: one reason not to begin a repair now, as a wait, an end or `pass`. */
import { end, type Verdict } from '../verdict.ts';
import type { PolicyView, Remediation, Situation, World } from '../world.ts';

export type Guard = (situation: Situation) => Verdict;

/** What is enough for a guard that follows from the policy and the records alone: the caches show both. */
export interface Waiting {
  readonly policy: PolicyView | null;
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations'>;
  readonly now: number;
}

/** Ends an incident under which nothing was changed. */
export const cancelled = (reason: string, message: string): Verdict =>
  end({ phase: 'Cancelled', reason, message, hold: false });
