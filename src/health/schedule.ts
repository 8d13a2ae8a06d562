/** When which target is asked: slower the more there are, never in step, a target in doubt sooner. */

/** Over all targets of all policies together. The prober must not be a load of its own. */
export const QUESTIONS_PER_SECOND = 5;
/** CoreDNS that has just started is loading its zones; a looping one ends within a second. */
export const START_UP_MS = 5_000;
/** After a first failure, so that a finding does not take two whole intervals. */
const CONFIRM_AFTER_MS = 5_000;
/** Of an interval, in both directions: targets that were started together drift apart. */
const JITTER = 0.1;

export interface Load {
  readonly intervalSeconds: number;
  readonly targets: number;
  /** In one round of one target. */
  readonly questions: number;
}

/** Time between two rounds of the same target, milliseconds. */
export function intervalMs({ intervalSeconds, targets, questions }: Load): number {
  return Math.max(intervalSeconds * 1000, Math.ceil((targets * questions * 1000) / QUESTIONS_PER_SECOND));
}

/** How long to wait after the start of a round before the next one may start, milliseconds. */
export const paceMs = (questions: number): number => Math.ceil((questions * 1000) / QUESTIONS_PER_SECOND);

/** @param random from 0 to 1 */
export function nextDueAt(
  round: { readonly at: number; readonly isInDoubt: boolean },
  interval: number,
  random: number,
): number {
  const ms = round.isInDoubt ? Math.min(interval, CONFIRM_AFTER_MS) : interval;
  return round.at + Math.round(ms * (1 - JITTER + 2 * JITTER * random));
}

export interface Target {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly dueAt: number;
}

/** The target that has been due for longest; null without any. */
export function whoIsNext<T extends Target>(targets: readonly T[]): T | null {
  return targets.reduce<T | null>((first, one) => (first && first.dueAt <= one.dueAt ? first : one), null);
}
