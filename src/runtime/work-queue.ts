/** A queue of keys to process: deduplicated, one worker per key, with priorities, delays, back-off and a drain. */
import PQueue from 'p-queue';
import { equalJitter } from './backoff.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { createFairTurn } from './fair-turn.ts';

export type Result =
  /** The work is complete; the key's failure count is reset. */
  | { readonly kind: 'done' }
  /** Process the key again later, by default with priority 0. Not an error: its failure count is reset too. */
  | { readonly kind: 'requeue'; readonly afterMs: number; readonly priority?: number };

/** A throw is retried with back-off. The signal aborts when the grace period of a shutdown is over. */
export type Handle<K extends string> = (key: K, signal: AbortSignal) => Promise<Result>;

/** For metrics. All calls are synchronous and must not throw. */
interface WorkQueueObserver {
  added?(): void;
  retried?(): void;
  started?(waitedMs: number): void;
  finished?(workedMs: number): void;
}

interface WorkQueueOptions<K extends string> {
  /** How many keys are processed at a time. Minimum: 1. */
  readonly concurrency: number;
  /** First back-off. @default 500 */
  readonly baseMs?: number;
  /** Longest back-off. @default 300_000 */
  readonly maxMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly onError?: (key: K, failures: number, error: unknown) => void;
  readonly observer?: WorkQueueObserver;
}

export interface WorkQueue<K extends string> {
  /** Runs the key soon. A waiting key keeps its higher priority; a running key runs once more afterwards. */
  add(key: K, priority?: number): void;
  /** Runs the key after `ms`. Of several delays the earliest wins, with the highest priority; `add` ends the delay. */
  addAfter(key: K, ms: number, priority?: number): void;
  /** Accepts no more keys, drops the waiting ones, lets the running ones finish and aborts them after `graceMs`. */
  shutdown(graceMs: number): Promise<void>;
  readonly depth: { readonly waiting: number; readonly running: number; readonly delayed: number };
  /** The keys being processed, with the monotonic time at which each started. */
  readonly running: ReadonlyMap<K, number>;
}

interface Waiting {
  readonly priority: number;
  readonly since: number;
}
interface Delayed {
  readonly at: number;
  readonly priority: number;
  readonly timer: Timer;
}

export function createWorkQueue<K extends string>(
  handle: Handle<K>,
  options: WorkQueueOptions<K>,
): WorkQueue<K> {
  const { concurrency, baseMs = 500, maxMs = 300_000, clock = systemClock, observer = {} } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new TypeError(`concurrency must be an integer of at least 1, got ${String(concurrency)}`);

  // Not PQueue's own `timeout` and `signal`: both free the slot while the function still runs, so that two workers
  // could process one key.
  const slots = new PQueue({ concurrency });
  const fairTurn = createFairTurn();
  const waiting = new Map<K, Waiting>();
  const running = new Map<K, number>();
  /** Keys that were added while they ran, with the priority of their next run. */
  const dirty = new Map<K, number>();
  const delayed = new Map<K, Delayed>();
  const failures = new Map<K, number>();
  const abort = new AbortController();
  let stopping = false;

  function add(key: K, priority = 0): void {
    if (stopping) return;
    observer.added?.();
    enqueue(key, Math.max(priority, cancelDelay(key)));
  }

  function enqueue(key: K, priority: number): void {
    if (running.has(key)) {
      dirty.set(key, Math.max(priority, dirty.get(key) ?? priority));
      return;
    }
    const known = waiting.get(key);
    if (known) {
      if (priority <= known.priority) return;
      waiting.set(key, { priority, since: known.since });
      slots.setPriority(key, priority);
      return;
    }
    waiting.set(key, { priority, since: clock.monotonic() });
    // `run` does not throw, and `clear` at shutdown rejects what was waiting. Anything else is a fault of the queue.
    void slots
      .add(async () => run(key), { id: key, priority })
      .catch((error: unknown) => {
        if (!stopping) throw error;
      });
  }

  function addAfter(key: K, ms: number, priority = 0): void {
    if (stopping) return;
    if (!(ms > 0)) {
      add(key, priority);
      return;
    }
    if (waiting.has(key)) {
      // It runs earlier than this anyway; only the priority can change.
      enqueue(key, priority);
      return;
    }
    const at = clock.monotonic() + ms;
    const known = delayed.get(key);
    const highest = Math.max(priority, known?.priority ?? priority);
    if (known && known.at <= at) {
      delayed.set(key, { ...known, priority: highest });
      return;
    }
    known?.timer.cancel();
    const timer = clock.setTimeout(() => {
      const due = delayed.get(key);
      delayed.delete(key);
      enqueue(key, due?.priority ?? highest);
    }, ms);
    delayed.set(key, { at, priority: highest, timer });
  }

  /** Ends the delay of the key. @returns the priority it had */
  function cancelDelay(key: K): number {
    const known = delayed.get(key);
    if (!known) return Number.NEGATIVE_INFINITY;
    known.timer.cancel();
    delayed.delete(key);
    return known.priority;
  }

  async function run(key: K): Promise<void> {
    const started = clock.monotonic();
    observer.started?.(started - (waiting.get(key)?.since ?? started));
    waiting.delete(key);
    running.set(key, started);
    try {
      // Without this, two thousand keys that do no I/O would be processed in one turn of the event loop.
      await fairTurn();
      if (stopping) {
        running.delete(key);
        return;
      }
      const result = await handle(key, abort.signal);
      running.delete(key);
      failures.delete(key);
      settle(key, result);
    } catch (error) {
      running.delete(key);
      fail(key, error);
    } finally {
      observer.finished?.(clock.monotonic() - started);
    }
  }

  function settle(key: K, result: Result): void {
    const again = takeDirty(key);
    if (stopping) return;
    const { priority = 0 } = result.kind === 'requeue' ? result : {};
    if (again !== undefined) enqueue(key, Math.max(again, priority, cancelDelay(key)));
    else if (result.kind === 'requeue') addAfter(key, result.afterMs, priority);
  }

  function fail(key: K, error: unknown): void {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    options.onError?.(key, count, error);
    const again = takeDirty(key);
    if (stopping) return;
    // Unlike client-go: an add during the run is merged into the back-off, so that a failing key that changes its own
    // object cannot spin.
    observer.retried?.();
    addAfter(key, equalJitter(count, { baseMs, maxMs, random: options.random }), again);
  }

  function takeDirty(key: K): number | undefined {
    const priority = dirty.get(key);
    dirty.delete(key);
    return priority;
  }

  async function shutdown(graceMs: number): Promise<void> {
    stopping = true;
    for (const { timer } of delayed.values()) timer.cancel();
    delayed.clear();
    waiting.clear();
    slots.clear();
    const grace = clock.setTimeout(
      () => abort.abort(new Error('the grace period of the shutdown is over')),
      graceMs,
    );
    await slots.onIdle();
    grace.cancel();
  }

  return {
    add,
    addAfter,
    shutdown,
    running,
    get depth() {
      return { waiting: waiting.size, running: running.size, delayed: delayed.size };
    },
  };
}
