/** A clock that only moves when a test advances it. */
import type { Clock, Timer } from '../clock.ts';

export interface FakeClock extends Clock {
  /** Fires the timers that become due, in order, and lets promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Runs everything that is ready, without advancing the time. */
  settle(): Promise<void>;
  readonly pendingTimers: number;
}

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let elapsed = 0;
  let order = 0;
  const timers = new Set<Pending>();

  // Not a fixed number of microtasks: how many a chain of promises takes is not specified.
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  const nextDue = (limit: number): Pending | undefined =>
    [...timers].filter((timer) => timer.at <= limit).sort((a, b) => a.at - b.at || a.order - b.order)[0];

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    setTimeout(callback, ms): Timer {
      const timer = { at: elapsed + Math.max(0, ms), order: order++, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const limit = elapsed + ms;
      await settle();
      for (let due = nextDue(limit); due; due = nextDue(limit)) {
        timers.delete(due);
        elapsed = Math.max(elapsed, due.at);
        due.callback();
        await settle();
      }
      elapsed = limit;
      await settle();
    },
    settle,
    get pendingTimers() {
      return timers.size;
    },
  };
}
