/** The fence around writes that only a leader may make: open for a bounded time, moved on by renewals, closed for good. */
import { type Clock, systemClock, type Timer } from '../clock.ts';

export interface Fence {
  /**
   * Asked synchronously, right before a write leaves the process. By the clock and not by a timer: a process that
   * was stopped and goes on finds its timers late and its clock right.
   */
  isOpen(): boolean;
  /** Until this time of the monotonic clock. Never opens one that was closed. */
  open(untilMs: number): void;
  /** For good: whoever may write again is a new process. */
  close(reason: Error): void;
  /** Aborts with the reason when the fence is closed, or its time is over. */
  readonly closed: AbortSignal;
}

export function createFence(clock: Clock = systemClock): Fence {
  const abort = new AbortController();
  let openUntil: number | undefined;
  let timer: Timer | undefined;

  function close(reason: Error): void {
    timer?.cancel();
    if (!abort.signal.aborted) abort.abort(reason);
  }

  function isOpen(): boolean {
    if (abort.signal.aborted || openUntil === undefined) return false;
    if (clock.monotonic() < openUntil) return true;
    close(new Error('the lease was not renewed in time'));
    return false;
  }

  return {
    isOpen,
    open(untilMs) {
      if (abort.signal.aborted) return;
      openUntil = untilMs;
      timer?.cancel();
      // For those that listen: nobody may ask for a while.
      if (isOpen()) timer = clock.setTimeout(isOpen, untilMs - clock.monotonic());
    },
    close,
    closed: abort.signal,
  };
}
