/** What the API server answered to the last write of a record: as good as a read, where the next decision follows at once. */

/** Longer than a reconcile waits for its turn, and too short for a person to do anything in between. */
const FRESH_MS = 500;

export interface LastAnswers {
  keep(name: string, raw: object, now: number): void;
  /** Null if it is too old, or was taken before. A write over what was changed since then is refused, as after any read. */
  take(name: string, now: number): object | null;
}

export function createLastAnswers(): LastAnswers {
  const answers = new Map<string, { readonly raw: object; readonly at: number }>();
  return {
    keep: (name, raw, now) => void answers.set(name, { raw, at: now }),
    take(name, now) {
      const answer = answers.get(name);
      answers.delete(name);
      // A clock that was put back says nothing of an age.
      const isFresh = answer !== undefined && now >= answer.at && now - answer.at <= FRESH_MS;
      return isFresh ? answer.raw : null;
    },
  };
}
