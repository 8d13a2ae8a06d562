/** Polls with a timeout, and says what it waited for when it gives up. */
import { setTimeout as sleep } from 'node:timers/promises';

interface UntilOptions {
  /** Completes the message "waited N s for ...". */
  readonly what: string;
  /** Ends a hang; long, so that no verdict depends on the speed of the machine. @default 180_000 */
  readonly timeoutMs?: number;
  /** @default 200 */
  readonly everyMs?: number;
}

/**
 * Calls `probe` until it returns something other than undefined, and returns that.
 * An error counts as "not yet"; the last one is the cause of the timeout.
 */
export async function until<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  options: UntilOptions,
): Promise<T> {
  const { what, timeoutMs = 180_000, everyMs = 200 } = options;
  const end = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) {
      const last = cause instanceof Error ? `; last error: ${cause.message}` : '';
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${last}`, { cause });
    }
    await sleep(everyMs);
  }
}
