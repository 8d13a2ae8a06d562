/** How long a reflector waits after a failure, and whether it has to read everything anew. */
import { fullJitter } from '../backoff.ts';
import type { SourceFailure } from './source-failure.ts';

const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/**
 * Longest back-off while nothing answers at all. A refused connection costs the server nothing, and the thirty
 * seconds that spare a busy server would leave us blind for as long after a short restart.
 */
const UNREACHABLE_MAX_MS = 2_000;
/** After so many failures from one version the next attempt is a list: the version itself may be what fails. */
const RELIST_AFTER = 5;

interface Pause {
  readonly waitMs: number;
  readonly relist: boolean;
  /** In a row, this one included. */
  readonly failures: number;
}

interface RetryPolicy {
  after(failure: SourceFailure): Pause;
  /** A stream was healthy: the failures before it are forgotten. */
  restore(): void;
}

export function createRetryPolicy(random: () => number): RetryPolicy {
  let failures = 0;
  let wasUnreachable = false;
  let hadExpired = false;
  return {
    after(failure) {
      // Each kind has its own back-off: a server that comes back refuses for a second or two while it starts, and
      // must not be met with the retries that its absence has built up.
      if (failure.unreachable !== wasUnreachable) failures = 0;
      wasUnreachable = failure.unreachable;
      failures++;
      const relist = failure.expired || (!failure.unreachable && failures % RELIST_AFTER === 0);
      if (failure.expired && !hadExpired) {
        // The first relist is due at once; a server to which every version is gone is another matter.
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
