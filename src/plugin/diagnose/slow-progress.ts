/** Says on standard error what is being waited for, but only to users who have to wait. */
import type { Output } from '../terminal/output.ts';

/** A command that takes longer looks as if it hung. */
const QUIET_MS = 2_000;
/** After that, a step that is done sooner is not worth a line. */
const STEP_MS = 500;

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
      const waitMs = Math.max(STEP_MS, QUIET_MS - (performance.now() - startedAt));
      timer = setTimeout(() => err.line(`Reading ${what} ...`), waitMs);
    },
  };
}
