/** Spreads writes for which nothing waits: each key gets a turn of its own, in the order in which they came. */

export interface Pace {
  /** Milliseconds until the turn of this key; 0: it is its turn, which is used up. */
  leftMs(key: string): number;
  /** The key needs no turn any more. */
  forget(key: string): void;
}

export function createPace(everyMs: number, now: () => number): Pace {
  const turns = new Map<string, number>();
  let nextAt = 0;
  return {
    leftMs(key) {
      let at = turns.get(key);
      if (at === undefined) {
        at = Math.max(now(), nextAt);
        nextAt = at + everyMs;
      }
      const leftMs = at - now();
      if (leftMs > 0) turns.set(key, at);
      else turns.delete(key);
      return Math.max(0, leftMs);
    },
    forget: (key) => void turns.delete(key),
  };
}
