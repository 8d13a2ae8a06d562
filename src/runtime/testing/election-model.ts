/** An in-memory election: processes compete for a lease, with pauses, lost answers, outages and skewed clocks on demand. */
import { createElector, type Elector } from '../election/elector.ts';
import { createFence, type Fence } from '../election/fence.ts';
import type { Lease, LeaseLock } from '../election/lease.ts';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { createPausableProcess, type PausableProcess } from './pausable-process.ts';

/** The longest a write is under way: just below the time between a leader's last write and the next leader's first. */
const LONGEST_WAY_MS = 4_900;
const WRITE_EVERY_MS = 900;

/** A deterministic random number generator. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Candidate {
  readonly identity: string;
  readonly fence: Fence;
  readonly elector: Elector;
  /** Whether a write would leave the process if it ran now. */
  mayWrite(): boolean;
  pause(): void;
  /** Does nothing after a kill. */
  resume(): void;
  /** Ends it without a release. */
  kill(): void;
  /** Like SIGTERM: waits for its last write to arrive, then releases the lease. */
  stop(): void;
  /** Moves its wall clock. */
  skew(ms: number): void;
  readonly ended: boolean;
}

export class Election {
  readonly clock: FakeClock = createFakeClock();
  readonly candidates: Candidate[] = [];
  /** Violations of the guarantee. */
  readonly faults: string[] = [];
  /** Writes that arrived. */
  readonly writes: { readonly by: string; readonly at: number }[] = [];
  isUp = true;
  /** While true, no answer takes long. */
  isCalm = false;
  /** How many of the next requests never arrive, and how many of the next answers never come. */
  loseRequests = 0;
  loseAnswers = 0;
  #lease: Lease | null = null;
  #version = 0;
  #started = 0;
  readonly #random: () => number;
  readonly #watchers = new Set<(lease: Lease) => void>();

  constructor(seed: number, replicas: number) {
    this.#random = chance(seed);
    for (let replica = 0; replica < replicas; replica += 1) this.#startProcess(replica);
  }

  get holder(): string {
    return this.#lease?.holder ?? '';
  }

  get leaders(): readonly Candidate[] {
    return this.candidates.filter((one) => one.mayWrite());
  }

  /** Records a fault if more than one process may write now. */
  check(): void {
    const leaders = this.leaders.map(({ identity }) => identity);
    if (leaders.length > 1)
      this.faults.push(`${leaders.join(' and ')} may write at ${this.clock.monotonic()}`);
  }

  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.clock.advance(Math.min(left, 500));
      this.check();
    }
  }

  #later(maxMs: number, action: () => void): void {
    // Mostly quick, so that slow and quick messages overtake each other.
    const share = this.isCalm || this.#random() < 0.8 ? 0.02 : 1;
    this.clock.setTimeout(action, this.#random() * maxMs * share);
  }

  #startProcess(slot: number): void {
    this.#started += 1;
    const identity = `process-${this.#started}`;
    const process = createPausableProcess(this.clock, this.#random() * 1e6, this.#random);
    let until = 0;
    const real = createFence(process.clock);
    const fence: Fence = {
      ...real,
      open: (untilMs) => {
        until = untilMs;
        real.open(untilMs);
      },
    };
    let ended = false;
    let stopping = false;
    const elector = createElector({
      lock: this.#lockOf(identity, process),
      identity,
      fence,
      logger: silentLogger,
      metrics: createMetrics(),
      clock: process.clock,
      random: this.#random,
    });
    const end = (): void => {
      if (ended) return;
      ended = true;
      this.#watchers.delete(watch);
      // The kubelet restarts the container.
      this.#later(3_000, () => this.#startProcess(slot));
    };
    const write = (): void => {
      if (ended || stopping) return;
      if (fence.isOpen()) this.#later(LONGEST_WAY_MS, () => this.#arrive(identity));
      process.clock.setTimeout(write, WRITE_EVERY_MS);
    };
    const watch = (lease: Lease): void => process.deliver(() => elector.notice(lease));
    this.candidates[slot] = {
      identity,
      fence,
      elector,
      mayWrite: () => !ended && !real.closed.aborted && process.clock.monotonic() < until,
      pause: () => process.pause(),
      resume: () => ended || process.resume(),
      kill: () => {
        process.pause();
        end();
      },
      stop: () => {
        stopping = true;
        process.clock.setTimeout(() => void elector.release().then(end), LONGEST_WAY_MS);
      },
      skew: (ms) => process.skew(ms),
      get ended() {
        return ended;
      },
    };
    // Some have no watch and rely on their reads.
    if (this.#random() < 0.6) this.#watchers.add(watch);
    // As the operator does: its drain releases, whatever it was that ended it.
    void elector.lost.then(async () => elector.release()).then(end);
    elector.start();
    write();
  }

  #arrive(identity: string): void {
    this.writes.push({ by: identity, at: this.clock.monotonic() });
    if (this.holder !== identity)
      this.faults.push(`${identity} wrote at ${this.clock.monotonic()} under ${this.holder}`);
  }

  #lockOf(identity: string, process: PausableProcess): LeaseLock {
    const call = async <T>(signal: AbortSignal, work: () => T): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        signal.throwIfAborted();
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        this.#later(9_000, () => {
          if (!this.isUp || this.#takes('loseRequests')) return;
          let answer: () => void;
          try {
            const result = work();
            answer = () => resolve(result);
          } catch (error) {
            answer = () => reject(error instanceof Error ? error : new Error(String(error)));
          }
          if (!this.#takes('loseAnswers')) this.#later(4_000, () => process.deliver(answer));
        });
      });
    return {
      name: 'lease',
      read: (signal) => call(signal, () => this.#lease),
      write: (record, over, signal) =>
        call(signal, () => {
          if (over?.version !== this.#lease?.version) throw new Error('conflict');
          if (record.holder !== '' && record.holder !== identity) throw new Error('a foreign name');
          this.#version += 1;
          const lease = { ...record, version: String(this.#version) };
          this.#lease = lease;
          for (const watcher of this.#watchers)
            if (this.#random() < 0.95) this.#later(2_000, () => watcher(lease));
          return lease;
        }),
    };
  }

  #takes(budget: 'loseRequests' | 'loseAnswers'): boolean {
    if (this[budget] === 0) return false;
    this[budget] -= 1;
    return true;
  }
}
