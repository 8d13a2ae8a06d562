/** Time as an argument: everything in the runtime that waits or measures takes a `Clock`, so that tests control time. */
import { performance } from 'node:perf_hooks';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time in epoch milliseconds, for displayed timestamps. It may jump. */
  now(): number;
  /** Milliseconds that never jump, for every duration and deadline. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): Timer;
}

/** Node fires a longer timer immediately, with only a warning. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, ms) {
    const handle = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `ms`, or as soon as the signal aborts. It never rejects: the caller checks the signal. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
