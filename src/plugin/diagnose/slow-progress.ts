/** Says on standard error what is being waited for, but only to users who have to wait. */
import type { Output } from '../output.ts';

/** A command that takes longer looks as if it hung. */
const QUIET_MS = 2_000;

export interface SlowProgress {
  /** What comes next, in words that fit after "Reading". */
  readonly say: (what: string) => void;
  readonly stop: () => void;
}

export function slowProgress(err: Pick<Output, 'line'>): SlowProgress {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    stop,
    say(what) {
      stop();
      const waitMs = Math.max(0, QUIET_MS - (performance.now() - startedAt));
      timer = setTimeout(() => err.line(`Reading ${what} ...`), waitMs);
    },
  };
}
