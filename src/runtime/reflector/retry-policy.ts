/** How long a reflector waits after a failure, and whether it has to list again. */
import { fullJitter } from '../backoff.ts';
import type { SourceFailure } from './source-failure.ts';

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/**
 * Longest back-off while the server is unreachable. A refused connection costs the server nothing, and thirty seconds,
 * right for an overloaded server, would delay the recovery from a short restart by as much.
 */
const UNREACHABLE_MAX_MS = 2_000;
/** After this many failures in a row the next attempt is a list, because the version itself may be the cause. */
const RELIST_AFTER = 5;

interface Pause {
  readonly waitMs: number;
  readonly relist: boolean;
  /** In a row, including this one. */
  readonly failures: number;
}

interface RetryPolicy {
  after(failure: SourceFailure): Pause;
  /** Resets the back-off after a healthy stream. */
  restore(): void;
}

export function createRetryPolicy(random: () => number): RetryPolicy {
  let failures = 0;
  let wasUnreachable = false;
  let hadExpired = false;
  return {
    after(failure) {
      // Each kind has its own back-off: a server that comes back answers with errors for a second or two while it starts,
      // and should not be retried with the long waits that its absence has built up.
      if (failure.unreachable !== wasUnreachable) failures = 0;
      wasUnreachable = failure.unreachable;
      failures++;
      const relist = failure.expired || (!failure.unreachable && failures % RELIST_AFTER === 0);
      if (failure.expired && !hadExpired) {
        // Only the first one without a wait: a server that answers every version with 410 must be backed off.
        hadExpired = true;
        return { waitMs: 0, relist, failures };
      }
      const maxMs = failure.unreachable ? UNREACHABLE_MAX_MS : BACKOFF_MAX_MS;
      const jitter = fullJitter(failures, { baseMs: BACKOFF_BASE_MS, maxMs, random });
      return { waitMs: Math.round(Math.max(jitter, failure.retryAfterMs ?? 0)), relist, failures };
    },
    restore() {
      failures = 0;
      hadExpired = false;
    },
  };
}
