/** The fence around writes that only a leader may make: open for a limited time, extended by renewals, closed for good. */
import { type Clock, systemClock, type Timer } from '../clock.ts';

export interface Fence {
  /**
   * Called synchronously, right before a write leaves the process. Decided by the clock and not by a timer: in a
   * process that resumes after a SIGSTOP the timers are late, but the clock is right.
   */
  isOpen(): boolean;
  /** Opens the fence, or extends it, until this time of the monotonic clock. A closed fence stays closed. */
  open(untilMs: number): void;
  /** Final: only a new process may write again. */
  close(reason: Error): void;
  /** Aborts with the reason when the fence is closed or its time is over. */
  readonly closed: AbortSignal;
  /** A write may have left the process, and its answer will not be read. */
  wasCutOff(): void;
  /** Whether that happened within this time: such a write may still arrive at the server. */
  hasCutOff(withinMs: number): boolean;
}

export function createFence(clock: Clock = systemClock): Fence {
  const abort = new AbortController();
  let openUntil: number | undefined;
  let timer: Timer | undefined;
  let cutOffAt = Number.NEGATIVE_INFINITY;

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

  /** For the listeners of `closed`: `isOpen` may not be called for a while. A timer may fire a little before its time. */
  function closeInTime(): void {
    if (isOpen() && openUntil !== undefined)
      timer = clock.setTimeout(closeInTime, openUntil - clock.monotonic());
  }

  return {
    isOpen,
    open(untilMs) {
      if (abort.signal.aborted) return;
      openUntil = untilMs;
      timer?.cancel();
      closeInTime();
    },
    close,
    closed: abort.signal,
    wasCutOff() {
      cutOffAt = clock.monotonic();
    },
    hasCutOff: (withinMs) => clock.monotonic() - cutOffAt < withinMs,
  };
}
