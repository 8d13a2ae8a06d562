import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from './testing/fake-clock.ts';
import { createManualHandler } from './testing/manual-handler.ts';
import { createWorkQueue, type Handle, type Result } from './work-queue.ts';

const DONE: Result = { kind: 'done' };

type Step =
  | { readonly kind: 'add'; readonly key: string; readonly priority: number }
  | { readonly kind: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly kind: 'advance'; readonly ms: number };
type Run = { readonly takesMs: number; readonly end: 'done' | 'requeue' | 'fail' };

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key: keys, priority: fc.integer({ min: -5, max: 10 }) }),
  fc.record({ kind: fc.constant('addAfter' as const), key: keys, ms: fc.integer({ min: 0, max: 3_000 }) }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 2_000 }) }),
);
const run: fc.Arbitrary<Run> = fc.record({
  takesMs: fc.integer({ min: 0, max: 1_500 }),
  end: fc.constantFrom('done' as const, 'done' as const, 'requeue' as const, 'fail' as const),
});

/** Longer than fast-check's default of ten: most races need a key that is in two states at once. */
const steps = fc.array(step, { maxLength: 60, size: 'max' });
const runs = fc.array(run, { maxLength: 60, size: 'max' });
const concurrencies = fc.integer({ min: 1, max: 3 });

/** A queue whose handler follows a script, and the invariants it violated. */
function scripted(script: readonly Run[], concurrency: number) {
  const clock = createFakeClock();
  const active = new Set<string>();
  // Collected, not thrown: the queue would take an exception in the handler for a failure to retry.
  const violations: string[] = [];
  const lastStart = new Map<string, number>();
  const lastAdd = new Map<string, number>();
  let order = 0;
  let starts = 0;
  /** Number of events that may each lead to one more run. */
  let causes = 0;
  let stopped = false;
  const handle: Handle<string> = async (key, signal) => {
    if (active.has(key)) violations.push(`${key} runs twice at a time`);
    if (stopped) violations.push(`${key} started after the shutdown`);
    active.add(key);
    if (active.size > concurrency) violations.push(`${active.size} run at a time`);
    lastStart.set(key, ++order);
    // After the end of the script everything succeeds, so the queue must become empty.
    const { takesMs, end } = script[starts++] ?? { takesMs: 1, end: 'done' };
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(resolve, takesMs);
      signal.addEventListener('abort', () => {
        timer.cancel();
        resolve();
      });
    });
    active.delete(key);
    if (end !== 'done') causes++;
    if (end === 'fail') throw new Error('no');
    return end === 'done' ? DONE : { kind: 'requeue', afterMs: 700 };
  };
  const queue = createWorkQueue(handle, { concurrency, baseMs: 100, maxMs: 2_000, clock });
  return {
    clock,
    queue,
    violations,
    lastStart,
    lastAdd,
    active,
    counts: () => ({ starts, causes }),
    shutdown: async (graceMs: number): Promise<void> => {
      stopped = true;
      await queue.shutdown(graceMs);
    },
    async play(action: Step): Promise<void> {
      if (action.kind === 'advance') {
        await clock.advance(action.ms);
        return;
      }
      causes++;
      lastAdd.set(action.key, ++order);
      if (action.kind === 'add') queue.add(action.key, action.priority);
      else queue.addAfter(action.key, action.ms);
    },
  };
}

describe('the work queue, under any sequence of events', () => {
  it('never runs a key twice at a time, loses no add, respects its concurrency, and ends up empty', async () => {
    const property = fc.asyncProperty(steps, runs, concurrencies, async (actions, script, concurrency) => {
      const world = scripted(script, concurrency);
      for (const action of actions) await world.play(action);
      await world.clock.advance(200_000);
      expect(world.violations).toEqual([]);
      for (const [key, added] of world.lastAdd) expect(world.lastStart.get(key)).toBeGreaterThan(added);
      const { starts, causes } = world.counts();
      expect(starts).toBeLessThanOrEqual(causes);
      expect(world.queue.depth).toEqual({ waiting: 0, running: 0, delayed: 0 });
      expect(world.clock.pendingTimers).toBe(0);
      await world.shutdown(0);
    });
    await fc.assert(property, { numRuns: 2_000 });
  });

  it('drains at any moment: starts nothing more, ends running keys within the grace period, leaves no timer', async () => {
    const property = fc.asyncProperty(
      steps,
      runs,
      concurrencies,
      fc.integer({ min: 0, max: 2_000 }),
      async (actions, script, concurrency, graceMs) => {
        const world = scripted(script, concurrency);
        for (const action of actions) await world.play(action);
        let drained = false;
        const shutdown = world.shutdown(graceMs).then(() => {
          drained = true;
        });
        for (const action of actions) if (action.kind !== 'advance') await world.play(action);
        await world.clock.advance(graceMs);
        expect(drained).toBe(true);
        await shutdown;
        expect(world.violations).toEqual([]);
        expect(world.active.size).toBe(0);
        expect(world.queue.depth).toEqual({ waiting: 0, running: 0, delayed: 0 });
        expect(world.clock.pendingTimers).toBe(0);
      },
    );
    await fc.assert(property, { numRuns: 1_000 });
  });

  it('runs the waiting key with the highest priority that it was given while waiting', async () => {
    const added = fc.array(fc.tuple(keys, fc.integer({ min: -5, max: 10 })), { maxLength: 40, size: 'max' });
    const property = fc.asyncProperty(added, async (adds) => {
      const clock = createFakeClock();
      const work = createManualHandler();
      const queue = createWorkQueue(work.handle, { concurrency: 1, clock });
      queue.add('busy', 100);
      await clock.settle();
      const waiting = new Map<string, number>();
      for (const [key, priority] of adds) {
        queue.add(key, priority);
        waiting.set(key, Math.max(priority, waiting.get(key) ?? priority));
      }
      while (waiting.size > 0) {
        work.finish(work.started.at(-1) ?? '');
        await clock.settle();
        const next = work.started.at(-1) ?? '';
        expect(waiting.get(next)).toBe(Math.max(...waiting.values()));
        waiting.delete(next);
      }
      expect(work.started).toHaveLength(new Set(adds.map(([key]) => key)).size + 1);
    });
    await fc.assert(property, { numRuns: 500 });
  });
});
