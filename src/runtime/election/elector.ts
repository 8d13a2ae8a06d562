/**
 * Leader election on a lease, as client-go does it, with a fence around the leader's writes.
 *
 * Guaranteed: at most one process at a time has its fence open. A leader's fence is open for `renewDeadlineMs` from the
 * moment it sent a renewal that succeeded, by its answer or by what a read or the watch shows later. Another process takes
 * a lease that was not released no earlier than `leaseDurationMs` after it saw that renewal. Only local monotonic clocks
 * decide: the wall clocks may show anything, and the speeds of the monotonic ones may differ by any factor below
 * `leaseDurationMs / renewDeadlineMs`.
 *
 * Not guaranteed:
 * - That a write arrives while its sender still leads. It leaves while the fence is open; if the network or the server
 *   then delays it by more than `leaseDurationMs - renewDeadlineMs`, another process may lead by then. Only a
 *   precondition in the write itself protects against that.
 * - That there is a leader at any time. After a crash there is none until the lease has expired.
 * - Anything on a suspended machine, where the monotonic clock stops.
 * - Anything when the Lease is edited or deleted by hand: a process that starts after a deletion cannot know the holder.
 */
import { type Clock, sleep, systemClock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { isOlder } from '../resource-version.ts';
import type { Fence } from './fence.ts';
import { claimOf, type Lease, type LeaseLock } from './lease.ts';
import { createObservedLease } from './observed-lease.ts';

/** client-go's defaults. */
const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;

export interface ElectorOptions {
  readonly lock: LeaseLock;
  /** Of this process, not of its machine: after a restart it is another candidate. */
  readonly identity: string;
  /** Opened by a renewal that succeeded; closed for good when the lease is lost or released. */
  readonly fence: Fence;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * How long a lease must stay unchanged, by the clock of the process that watches it, before that process may take it.
   * A longer duration allows a longer `renewDeadlineMs`, and with it longer outages of the API server; but after a crash it
   * takes that much longer until another process leads. @default 15_000
   */
  readonly leaseDurationMs?: number;
  /**
   * How long after it sent its last successful renewal a leader may still write. The remaining time up to
   * `leaseDurationMs` is for its last write to arrive before another process leads. @default 10_000
   */
  readonly renewDeadlineMs?: number;
  /**
   * The pace of the attempts. A standby reads the lease after 1 to 1.5 periods, with jitter, so that several standbys do
   * not come together. A leader renews after 2 periods and retries a failed renewal after half of one.
   * @default 2_000
   */
  readonly retryPeriodMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Elector {
  /** Begins to compete. Call it once. */
  start(): void;
  /** Resolves with the lease once this process leads. */
  readonly elected: Promise<Lease>;
  /** Resolves with the reason when this process has lost the lease, and with it the right to write. Never after a release. */
  readonly lost: Promise<Error>;
  /** Reports what a watch has seen of the lease. Optional, but a released lease is then acquired immediately. */
  notice(lease: Lease | null): void;
  /**
   * Stops competing, closes the fence and releases the lease if it is held, unless the fence had closed before or a write
   * was cut off just now: then the lease expires by itself. Call it when no write is under way. Never rejects.
   */
  release(): Promise<void>;
}

type Phase =
  /** Competes for the lease. The fence was never open. */
  | 'standby'
  /** Holds the lease and renews it. The fence is open, or about to be closed by the clock. */
  | 'leading'
  /** The fence is closed, because the lease was lost or released. Final: only a new process can lead again. */
  | 'ended';

export function createElector(options: ElectorOptions): Elector {
  const { lock, identity, fence, metrics, clock = systemClock, random = Math.random } = options;
  const leaseDurationMs = options.leaseDurationMs ?? LEASE_DURATION_MS;
  const renewDeadlineMs = options.renewDeadlineMs ?? RENEW_DEADLINE_MS;
  const retryPeriodMs = options.retryPeriodMs ?? RETRY_PERIOD_MS;
  if (!(2 * retryPeriodMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs))
    throw new TypeError('a lease needs 2 * retryPeriodMs < renewDeadlineMs < leaseDurationMs');
  const logger = options.logger.child({ lease: lock.name, identity });
  const stop = new AbortController();
  const elected = Promise.withResolvers<Lease>();
  const lost = Promise.withResolvers<Error>();
  const observed = createObservedLease(clock, leaseDurationMs);

  let phase: Phase = 'standby';
  /** Nothing was read yet, or the last request failed: it may have been carried out, so the lease has to be read. */
  let mustRead = true;
  /** A failure was logged, and its end was not. */
  let failing = false;
  let nextAttemptAt = 0;
  /** How many times a watch has reported a change. */
  let notices = 0;
  /** When each renewal that has no answer was sent, by the wall time it carries. */
  const unanswered = new Map<number, number>();
  let wake = new AbortController();
  let loop: Promise<void> | undefined;
  metrics.leaderStatus.set({ name: lock.name }, 0);

  fence.closed.addEventListener('abort', () => {
    metrics.leaderStatus.set({ name: lock.name }, 0);
    // Also in a process that was paused before it knew that it leads: it may never lead again, so it has to end.
    if (!stop.signal.aborted) lost.resolve(fence.closed.reason as Error);
    phase = 'ended';
    wake.abort();
  });

  async function compete(): Promise<void> {
    while (!stop.signal.aborted && !fence.closed.aborted) {
      const waitMs = nextAttemptAt - clock.monotonic();
      if (waitMs > 0) {
        wake = new AbortController();
        await sleep(clock, waitMs, wake.signal);
        continue;
      }
      const before = notices;
      const startedAt = clock.monotonic();
      await acquireOrRenew();
      // What the watch reported during the attempt may be newer than what the attempt has read.
      const isOvertaken = notices !== before && phase !== 'leading';
      // From its start: an attempt that got no answer has waited already.
      scheduleIn(isOvertaken ? 0 : startedAt + pauseMs() - clock.monotonic());
    }
  }

  async function acquireOrRenew(): Promise<void> {
    const scope = linkedAbort(stop.signal);
    // Three seconds with the defaults: one request that is never answered does not cost a leader its lease.
    const limitMs = renewDeadlineMs / 2 - retryPeriodMs;
    const limit = expiresAfter(clock, limitMs, scope, `no answer about the lease within ${limitMs} ms`);
    try {
      // 1. Read the lease. A leader whose last write was answered knows it already.
      if (mustRead || phase !== 'leading') observe(await lock.read(scope.signal));
      mustRead = false;

      // 2. Decide whose it is. That of another process is left alone until it expires.
      if (fence.closed.aborted || isHeldByAnother()) return;
      // Asked by the clock: after a pause, a renewal would only keep the lease from others.
      if (phase === 'leading' && !fence.isOpen()) return;

      // 3. Write it. The fence's time counts from before the request is sent; no other process sees it earlier.
      const sentAt = clock.monotonic();
      const over = observed.lease;
      const claim = claimOf(over, identity, leaseDurationMs, clock.now());
      mustRead = true;
      // A wall clock may show a time twice: the lease then does not say which renewal arrived, and the first one counts.
      if (!unanswered.has(claim.renewedAt) && claim.renewedAt !== over?.renewedAt)
        unanswered.set(claim.renewedAt, sentAt);
      const lease = await lock.write(claim, over, scope.signal);
      mustRead = false;
      unanswered.clear();
      observe(lease);
      openFence(lease, sentAt + renewDeadlineMs);
    } catch (error) {
      mustRead = true;
      if (!stop.signal.aborted) logFailure(error);
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  function observe(lease: Lease | null): void {
    const previous = observed.holder;
    observed.update(lease);
    const { holder } = observed;
    if (lease !== null && holder !== previous && isAnothers())
      logger.info('standing by', { holder, transitions: lease.transitions });
    if (phase !== 'leading' || lease === null) return;
    if (holder === identity) credit(lease);
    else
      fence.close(
        new Error(holder === '' ? 'the lease was released from outside' : `the lease was taken by ${holder}`),
      );
  }

  /** A renewal that arrived counts from when it was sent, also if only the lease shows that it arrived. */
  function credit(lease: Lease): void {
    const sentAt = unanswered.get(lease.renewedAt);
    if (sentAt !== undefined) openFence(lease, sentAt + renewDeadlineMs);
  }

  const isAnothers = (): boolean => observed.holder !== '' && observed.holder !== identity;
  const isHeldByAnother = (): boolean => isAnothers() && clock.monotonic() < observed.expiresAt;

  function openFence(lease: Lease, untilMs: number): void {
    if (failing) logger.info('lease API reachable again');
    failing = false;
    // An answer that took this long does not end a standby: it renews first. A leader, however, may not write any more.
    if (phase !== 'leading' && clock.monotonic() >= untilMs) return;
    fence.open(untilMs);
    if (phase !== 'standby' || !fence.isOpen()) return;
    phase = 'leading';
    metrics.leaderStatus.set({ name: lock.name }, 1);
    logger.info('became the leader', { transitions: lease.transitions });
    elected.resolve(lease);
  }

  function logFailure(error: unknown): void {
    // Only the first: during an outage there is one every second or two.
    if (!failing) logger.warn('lease request failed, retrying', { error, phase });
    failing = true;
  }

  /** The two periods of a leader halve the requests of an idle operator, and leave time for more than one retry. */
  function pauseMs(): number {
    if (phase !== 'leading') return retryPeriodMs * (1 + random() / 2);
    return retryPeriodMs * (mustRead ? 0.5 : 2);
  }

  function scheduleIn(ms: number): void {
    const at = clock.monotonic() + ms;
    // Exactly at expiry: waiting for the next period would only prolong the failover.
    nextAttemptAt = isHeldByAnother() ? Math.min(at, observed.expiresAt) : at;
  }

  async function releaseLease(): Promise<void> {
    const scope = linkedAbort();
    const limit = expiresAfter(clock, retryPeriodMs, scope, `no answer within ${retryPeriodMs} ms`);
    try {
      if (mustRead) observe(await lock.read(scope.signal));
      const { lease } = observed;
      if (lease?.holder !== identity) return;
      await lock.write({ ...lease, holder: '', renewedAt: clock.now() }, lease, scope.signal);
      logger.info('lease released');
    } catch (error) {
      logger.warn('lease could not be released, it will expire', { error });
    } finally {
      limit.cancel();
    }
  }

  return {
    elected: elected.promise,
    lost: lost.promise,
    start() {
      nextAttemptAt = clock.monotonic();
      loop = compete();
    },
    notice(lease) {
      // Events may arrive late. To a new leader an old one would look as if another process had taken the lease.
      if (lease !== null && isOlder(lease.version, observed.lease?.version)) return;
      observe(lease);
      notices += 1;
      if (phase === 'leading') return;
      // While the watch reports renewals, a standby sends no requests; it asks when the reports stop.
      scheduleIn(isAnothers() ? 2 * retryPeriodMs + pauseMs() : 0);
      wake.abort();
    },
    async release() {
      stop.abort(new Error('the lease is being released'));
      wake.abort();
      await loop;
      // Asked by the clock, because the fence's timer may be late.
      const hasRunOut = !fence.isOpen() && fence.closed.aborted;
      const hasCutOff = fence.hasCutOff(leaseDurationMs - renewDeadlineMs);
      fence.close(new Error('the lease was released'));
      // A write that was aborted may still arrive; the rest of the lease is the time for that.
      if (hasCutOff) logger.info('lease not released, a write was cut off');
      else if (loop && !hasRunOut) await releaseLease();
    },
  };
}
