/** A clock that runs faster than the machine's: what takes minutes of waiting takes seconds, in the same order. */
import { type Clock, systemClock } from '../../src/runtime/clock.ts';

export function fastClock(times: number): Clock {
  const start = { now: systemClock.now(), monotonic: systemClock.monotonic() };
  return {
    now: () => start.now + (systemClock.now() - start.now) * times,
    monotonic: () => start.monotonic + (systemClock.monotonic() - start.monotonic) * times,
    setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms / times),
  };
}
