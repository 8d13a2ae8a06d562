/** Keys to be worked on: one key one worker, deduplicated, delayed, prioritised, retried with back-off, drained at the end. */
import PQueue from 'p-queue';
import { equalJitter } from './backoff.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { createFairTurn } from './fair-turn.ts';

export type Result =
  /** The work is complete: the failures of the key are forgotten. */
  | { readonly kind: 'done' }
  /** Look again later. Not an error: the failures of the key are forgotten too. */
  | { readonly kind: 'requeue'; readonly afterMs: number };

/** Throwing means: again, after a back-off. The signal aborts when a shutdown's grace is over. */
export type Handle<K extends string> = (key: K, signal: AbortSignal) => Promise<Result>;

/** What the queue tells a metric; all calls are synchronous and must not throw. */
interface WorkQueueObserver {
  added?(): void;
  retried?(): void;
  started?(waitedMs: number): void;
  finished?(workedMs: number): void;
}

interface WorkQueueOptions<K extends string> {
  /** How many keys are worked on at a time. Minimum: 1. */
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
  /** Run soon. Waiting: the higher priority is kept. Running: it runs once more afterwards. */
  add(key: K, priority?: number): void;
  /** Run after `ms`. The earliest of several delays wins with the highest of their priorities; `add` ends the delay. */
  addAfter(key: K, ms: number, priority?: number): void;
  /** Takes no more, drops what waits, lets the running ones finish, and aborts their signal after `graceMs`. */
  shutdown(graceMs: number): Promise<void>;
  readonly depth: { readonly waiting: number; readonly running: number; readonly delayed: number };
  /** The keys that are worked on now, and since when by the clock's monotonic time. */
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
    throw new TypeError(`concurrency must be a whole number of at least 1, got ${String(concurrency)}`);

  // Not PQueue's own `timeout` and `signal`: both free the slot while the function goes on, and then two
  // workers have one key.
  const slots = new PQueue({ concurrency });
  const fairTurn = createFairTurn();
  const waiting = new Map<K, Waiting>();
  const running = new Map<K, number>();
  /** Running keys that were added meanwhile, with the priority of the run that follows. */
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
    const standing = waiting.get(key);
    if (standing) {
      if (priority <= standing.priority) return;
      waiting.set(key, { priority, since: standing.since });
      slots.setPriority(key, priority);
      return;
    }
    waiting.set(key, { priority, since: clock.monotonic() });
    // The only rejection is that of `clear` at shutdown: `run` does not throw.
    slots.add(async () => run(key), { id: key, priority }).catch(() => {});
  }

  function addAfter(key: K, ms: number, priority = 0): void {
    if (stopping) return;
    if (!(ms > 0)) {
      add(key, priority);
      return;
    }
    if (waiting.has(key)) {
      // It runs earlier than asked; only the priority can still matter.
      enqueue(key, priority);
      return;
    }
    const at = clock.monotonic() + ms;
    const standing = delayed.get(key);
    const highest = Math.max(priority, standing?.priority ?? priority);
    if (standing && standing.at <= at) {
      delayed.set(key, { ...standing, priority: highest });
      return;
    }
    standing?.timer.cancel();
    const timer = clock.setTimeout(() => {
      const due = delayed.get(key);
      delayed.delete(key);
      enqueue(key, due?.priority ?? highest);
    }, ms);
    delayed.set(key, { at, priority: highest, timer });
  }

  /** Ends the delay of the key and returns the priority that it had. */
  function cancelDelay(key: K): number {
    const standing = delayed.get(key);
    if (!standing) return Number.NEGATIVE_INFINITY;
    standing.timer.cancel();
    delayed.delete(key);
    return standing.priority;
  }

  async function run(key: K): Promise<void> {
    const started = clock.monotonic();
    observer.started?.(started - (waiting.get(key)?.since ?? started));
    waiting.delete(key);
    running.set(key, started);
    try {
      // Two thousand keys that need no answer from outside would otherwise be one turn of the event loop.
      await fairTurn();
      const outcome = await handle(key, abort.signal);
      running.delete(key);
      failures.delete(key);
      settle(key, outcome);
    } catch (error) {
      running.delete(key);
      fail(key, error);
    } finally {
      observer.finished?.(clock.monotonic() - started);
    }
  }

  function settle(key: K, outcome: Result): void {
    const again = takeDirty(key);
    if (stopping) return;
    if (again !== undefined) enqueue(key, Math.max(again, cancelDelay(key)));
    else if (outcome.kind === 'requeue') addAfter(key, outcome.afterMs);
  }

  function fail(key: K, error: unknown): void {
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    options.onError?.(key, count, error);
    const again = takeDirty(key);
    if (stopping) return;
    // Different from client-go on purpose: what was added during the run is folded into the back-off, so that a
    // failing key that changes its own object cannot spin.
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
      () => abort.abort(new Error('the grace of the shutdown is over')),
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
