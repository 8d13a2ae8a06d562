/** What this process has observed of the lease, and until when its holder may rely on it, by the local clock. */
import type { Clock } from '../clock.ts';
import type { Lease } from './lease.ts';

interface ObservedLease {
  /** As last read, written or reported by a watch; null where there was none. */
  readonly lease: Lease | null;
  /** The last holder observed. Empty after a release; kept when the Lease object is deleted, which its holder may not know. */
  readonly holder: string;
  /** The monotonic time at which the lease of this holder expires unless it changes before. */
  readonly expiresAt: number;
  update(lease: Lease | null): void;
}

export function createObservedLease(clock: Clock, leaseDurationMs: number): ObservedLease {
  let lease: Lease | null = null;
  let holder = '';
  let holderMs = leaseDurationMs;
  // Later than the moment at which the holder sent this change, so a lease never expires too early here. The times
  // inside the Lease are of another machine's wall clock and are not used.
  let changedAt = 0;

  return {
    get lease() {
      return lease;
    },
    get holder() {
      return holder;
    },
    get expiresAt() {
      return changedAt + holderMs;
    },
    update(next) {
      if (next !== null && next.version !== lease?.version) {
        changedAt = clock.monotonic();
        holder = next.holder;
        // The longer of the two durations: a holder of another release may use a different one.
        holderMs = Math.max(leaseDurationMs, next.durationMs);
      }
      lease = next;
    },
  };
}
