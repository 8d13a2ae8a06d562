/** Polls with a timeout, and says what it waited for when it gives up. */
import { setTimeout as sleep } from 'node:timers/promises';

interface UntilOptions {
  /** Completes the message "waited N s for ...". */
  readonly what: string;
  readonly timeoutMs: number;
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
  const end = performance.now() + options.timeoutMs;
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
      throw new Error(`waited ${options.timeoutMs / 1000} s for ${options.what}${last}`, { cause });
    }
    await sleep(options.everyMs ?? 200);
  }
}
