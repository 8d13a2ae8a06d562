/** Leader election on a lease, as client-go does it: by the local monotonic clock only, and bounded by a fence. */
import { type Clock, sleep, systemClock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { isOlder } from '../resource-version.ts';
import type { Fence } from './fence.ts';
import type { Lease, LeaseLock, LeaseRecord } from './lease.ts';

/** client-go's defaults. */
const LEASE_DURATION_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_PERIOD_MS = 2_000;

export interface ElectorOptions {
  readonly lock: LeaseLock;
  /** Of this process, not of this machine: one that was restarted is another candidate. */
  readonly identity: string;
  /** Opened for `renewDeadlineMs` from the sending of each renewal that succeeds. */
  readonly fence: Fence;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Unchanged for so long by our clock, the lease of another is free. @default 15_000 */
  readonly leaseDurationMs?: number;
  /**
   * So long after its last renewal a leader still writes; what is left until `leaseDurationMs` is for its last write
   * to arrive before another one leads. @default 10_000
   */
  readonly renewDeadlineMs?: number;
  /**
   * Between two looks at the lease of another. A leader renews after two of these, and tries again after half of one.
   * @default 2_000
   */
  readonly retryPeriodMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Elector {
  /** Begins to compete. Call it once. */
  start(): void;
  /** Resolves with the lease when this process leads. */
  readonly elected: Promise<Lease>;
  /** Resolves with the reason when it led and does so no more. Not after a release. */
  readonly lost: Promise<Error>;
  /** What a watch tells of the lease. Not needed, but a lease that is given back is then taken at once. */
  notice(lease: Lease | null): void;
  /** Stops competing, closes the fence and gives the lease back if it is ours. Never rejects. */
  release(): Promise<void>;
}

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

  let known: Lease | null = null;
  /** Of the last holder that was seen, also after the lease itself was deleted. */
  let holder = '';
  let holderMs = leaseDurationMs;
  /** When the lease was last seen to change, by our clock: later than its holder sent that change. */
  let changedAt = 0;
  /** A read or a write went wrong: what is known may be old, and what was written may be there. */
  let unsure = true;
  let leading = false;
  let failing = false;
  let nextAt = 0;
  /** A watch told something while an attempt was under way, which may not have seen it. */
  let noticed = false;
  let started = false;
  let wake = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  metrics.leaderStatus.set({ name: lock.name }, 0);

  fence.closed.addEventListener('abort', () => {
    metrics.leaderStatus.set({ name: lock.name }, 0);
    if (leading && !stop.signal.aborted) lost.resolve(fence.closed.reason as Error);
    leading = false;
    wake.abort();
  });

  function see(lease: Lease | null): void {
    if (lease !== null && lease.version !== known?.version) {
      changedAt = clock.monotonic();
      if (lease.holder !== holder && lease.holder !== '' && lease.holder !== identity)
        logger.info('standing by', { holder: lease.holder, transitions: lease.transitions });
      holder = lease.holder;
      // The longer of two promises, where a holder of another build has another one.
      holderMs = Math.max(leaseDurationMs, lease.durationMs);
    }
    known = lease;
    if (leading && lease !== null && holder !== identity)
      fence.close(new Error(`the lease was taken by ${holder || 'nobody: it was given back by hand'}`));
  }

  const isAnothers = (): boolean => holder !== '' && holder !== identity;
  const expiresAt = (): number => changedAt + holderMs;

  async function attempt(): Promise<void> {
    const scope = linkedAbort(stop.signal);
    // Two of them and their pauses fit below the renew deadline: one answer that never comes does not cost the lease.
    const limitMs = renewDeadlineMs / 2 - retryPeriodMs;
    const limit = expiresAfter(clock, limitMs, scope, `no answer about the lease within ${limitMs} ms`);
    try {
      if (unsure || !leading) see(await lock.read(scope.signal));
      unsure = false;
      if (fence.closed.aborted || (isAnothers() && clock.monotonic() < expiresAt())) return;
      const sentAt = clock.monotonic();
      unsure = true;
      const lease = await lock.write(claim(), known, scope.signal);
      unsure = false;
      see(lease);
      renewed(lease, sentAt);
    } catch (error) {
      unsure = true;
      if (!stop.signal.aborted) failed(error);
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  function claim(): LeaseRecord {
    const now = clock.now();
    const isOurs = known?.holder === identity;
    return {
      holder: identity,
      durationMs: leaseDurationMs,
      acquiredAt: isOurs && known ? known.acquiredAt : now,
      renewedAt: now,
      transitions: known === null ? 0 : known.transitions + (isOurs ? 0 : 1),
    };
  }

  function renewed(lease: Lease, sentAt: number): void {
    if (failing) logger.info('lease reached again');
    failing = false;
    const untilMs = sentAt + renewDeadlineMs;
    // The answer to a claim took too long: it is renewed first. A leader's fence, though, is over when it is over.
    if (!leading && clock.monotonic() >= untilMs) return;
    fence.open(untilMs);
    if (leading || !fence.isOpen()) return;
    leading = true;
    metrics.leaderStatus.set({ name: lock.name }, 1);
    logger.info('became the leader', { transitions: lease.transitions });
    elected.resolve(lease);
  }

  function failed(error: unknown): void {
    // Once: in an outage it fails every other second.
    if (!failing) logger.warn('lease could not be read or written, trying again', { error, leading });
    failing = true;
  }

  /**
   * A standby adds up to a half, so that several do not come together. A leader whose renewal went well waits for two:
   * that halves the requests of an idle operator, and leaves time below the deadline for more than one try.
   */
  const pauseMs = (): number => retryPeriodMs * (leading ? (unsure ? 0.5 : 2) : 1 + random() / 2);

  function plan(atMs: number): void {
    const freeAt = expiresAt();
    // To the moment: of the whole failover nothing else is ours to shorten.
    nextAt = isAnothers() && freeAt > clock.monotonic() ? Math.min(atMs, freeAt) : atMs;
  }

  async function compete(): Promise<void> {
    while (!stop.signal.aborted && !fence.closed.aborted) {
      const waitMs = nextAt - clock.monotonic();
      if (waitMs > 0) {
        wake = new AbortController();
        await sleep(clock, waitMs, wake.signal);
        continue;
      }
      noticed = false;
      await attempt();
      plan(clock.monotonic() + (noticed && !leading ? 0 : pauseMs()));
    }
  }

  async function releaseHeld(): Promise<void> {
    const scope = linkedAbort();
    const limit = expiresAfter(clock, retryPeriodMs, scope, `no answer within ${retryPeriodMs} ms`);
    try {
      if (unsure) see(await lock.read(scope.signal));
      if (known?.holder !== identity) return;
      await lock.write({ ...known, holder: '', renewedAt: clock.now() }, known, scope.signal);
      logger.info('lease given back');
    } catch (error) {
      logger.warn('lease could not be given back, it runs out by itself', { error });
    } finally {
      limit.cancel();
    }
  }

  return {
    elected: elected.promise,
    lost: lost.promise,
    start() {
      started = true;
      nextAt = clock.monotonic();
      loop = compete();
    },
    notice(lease) {
      // A late word of the watch is no news, and to a new leader not the word of a rival.
      if (lease !== null && isOlder(lease.version, known?.version)) return;
      see(lease);
      noticed = true;
      if (leading) return;
      // As long as the watch tells of renewals there is nothing to ask; once it is silent, that is what is done.
      plan(clock.monotonic() + (isAnothers() ? 2 * retryPeriodMs + pauseMs() : 0));
      wake.abort();
    },
    async release() {
      stop.abort(new Error('the lease is being given back'));
      wake.abort();
      await loop;
      fence.close(new Error('the lease was given back'));
      if (started) await releaseHeld();
    },
  };
}
