/** A process of the election model, which can be paused and whose wall clock can be skewed. */
import type { Clock, Timer } from '../clock.ts';

export interface PausableProcess {
  readonly clock: Clock;
  pause(): void;
  resume(): void;
  skew(ms: number): void;
  /** Runs the action now, or after `resume`. */
  deliver(action: () => void): void;
}

/** Like SIGSTOP: time passes, and everything that falls due during the pause happens after it, in any order. */
export function createPausableProcess(world: Clock, bootedMs: number, random: () => number): PausableProcess {
  let isPaused = false;
  let skewMs = 0;
  let late: (() => void)[] = [];
  const deliver = (action: () => void): void => {
    if (isPaused) late.push(action);
    else action();
  };
  return {
    deliver,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      const due = late.map((action) => ({ action, rank: random() })).toSorted((a, b) => a.rank - b.rank);
      late = [];
      for (const { action } of due) action();
    },
    skew: (ms) => {
      skewMs += ms;
    },
    clock: {
      now: () => world.now() + skewMs,
      monotonic: () => world.monotonic() + bootedMs,
      setTimeout(callback, ms): Timer {
        let isCancelled = false;
        const timer = world.setTimeout(
          () =>
            deliver(() => {
              if (!isCancelled) callback();
            }),
          ms,
        );
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    },
  };
}
