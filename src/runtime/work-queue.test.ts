import { describe, expect, it } from 'vitest';
import { createFakeClock } from './testing/fake-clock.ts';
import { createManualHandler } from './testing/manual-handler.ts';
import { createWorkQueue, type Handle, type Result } from './work-queue.ts';

const DONE: Result = { kind: 'done' };
/** Makes every back-off the shortest possible: half the ceiling. */
const random = (): number => 0;

function setup(concurrency = 1) {
  const clock = createFakeClock();
  const work = createManualHandler();
  const errors: string[] = [];
  const queue = createWorkQueue(work.handle, {
    concurrency,
    baseMs: 1_000,
    maxMs: 8_000,
    clock,
    random,
    onError: (key, failures) => errors.push(`${key} ${failures}`),
  });
  return { clock, queue, errors, ...work };
}

describe('the work queue', () => {
  it('runs a key once if it was added several times while waiting', async () => {
    const { clock, queue, started, finish } = setup();
    queue.add('a');
    await clock.settle();
    for (let time = 0; time < 5; time++) queue.add('b');
    finish('a');
    await clock.settle();
    finish('b');
    await clock.settle();
    expect(started).toEqual(['a', 'b']);
  });

  it('runs a key once more if it was added while running, never concurrently', async () => {
    const { clock, queue, started, finish } = setup(3);
    queue.add('a');
    await clock.settle();
    queue.add('a');
    queue.add('a');
    await clock.settle();
    expect(started).toEqual(['a']);
    finish('a');
    await clock.settle();
    expect(started).toEqual(['a', 'a']);
  });

  it('runs the highest priority first, even if it was raised while waiting', async () => {
    const { clock, queue, started, finish } = setup();
    queue.add('busy');
    await clock.settle();
    queue.add('low');
    queue.add('high', 5);
    queue.add('raised', -1);
    queue.add('raised', 10);
    for (const key of ['busy', 'raised', 'high', 'low']) {
      finish(key);
      await clock.settle();
    }
    expect(started).toEqual(['busy', 'raised', 'high', 'low']);
  });

  it('keeps the earliest of several delays', async () => {
    const { clock, queue, started } = setup();
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    await clock.advance(99);
    expect(started).toEqual([]);
    await clock.advance(1);
    expect(started).toEqual(['a']);
    expect(queue.depth).toEqual({ waiting: 0, running: 1, delayed: 0 });
  });

  it('ends the delay of a key that is added', async () => {
    const { clock, queue, started, finish } = setup();
    queue.addAfter('a', 500);
    queue.add('a');
    await clock.settle();
    finish('a');
    await clock.advance(1_000);
    expect(started).toEqual(['a']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs a key again after the delay it asked for', async () => {
    const { clock, queue, started, finish } = setup();
    queue.add('a');
    await clock.settle();
    finish('a', { kind: 'requeue', afterMs: 300 });
    await clock.advance(299);
    expect(started).toHaveLength(1);
    await clock.advance(1);
    expect(started).toHaveLength(2);
  });

  it('runs a key again with the priority it asked for, also if it was added while running', async () => {
    const { clock, queue, started, finish } = setup();
    queue.add('under repair');
    await clock.settle();
    for (const key of ['waits', 'waits too']) queue.add(key, 5);
    finish('under repair', { kind: 'requeue', afterMs: 0, priority: 10 });
    await clock.settle();
    queue.add('under repair', 5);
    finish('under repair', { kind: 'requeue', afterMs: 0, priority: 10 });
    await clock.settle();
    expect(started).toEqual(['under repair', 'under repair', 'under repair']);
  });

  it('retries with a back-off that doubles up to its limit and is reset by a success', async () => {
    const { clock, queue, started, errors, fail, finish } = setup();
    queue.add('a');
    await clock.settle();
    for (const waitMs of [500, 1_000, 2_000, 4_000, 4_000]) {
      const before = started.length;
      fail('a');
      await clock.advance(waitMs - 1);
      expect(started).toHaveLength(before);
      await clock.advance(1);
      expect(started).toHaveLength(before + 1);
    }
    expect(errors.at(-1)).toBe('a 5');
    finish('a');
    queue.add('a');
    await clock.settle();
    fail('a');
    await clock.settle();
    expect(errors.at(-1)).toBe('a 1');
  });

  it('makes a failing key wait for its back-off even if it was added while running', async () => {
    const { clock, queue, started, fail } = setup();
    queue.add('a');
    await clock.settle();
    queue.add('a');
    fail('a');
    await clock.advance(499);
    expect(started).toHaveLength(1);
    await clock.advance(1);
    expect(started).toHaveLength(2);
  });

  it('waits for running keys at shutdown, and drops the rest', async () => {
    const { clock, queue, started, finish } = setup();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 100);
    await clock.settle();
    let ended = false;
    const shutdown = queue.shutdown(5_000).then(() => {
      ended = true;
    });
    queue.add('d');
    queue.addAfter('e', 1);
    await clock.advance(1_000);
    expect(ended).toBe(false);
    finish('a', { kind: 'requeue', afterMs: 1 });
    await shutdown;
    await clock.advance(10_000);
    expect(started).toEqual(['a']);
    expect(queue.depth).toEqual({ waiting: 0, running: 0, delayed: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('aborts running keys when the grace period is over, and waits for them', async () => {
    const clock = createFakeClock();
    const queue = createWorkQueue<string>(
      (_key, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      { concurrency: 1, clock },
    );
    queue.add('a');
    await clock.settle();
    const shutdown = queue.shutdown(5_000);
    await clock.advance(4_999);
    expect(queue.depth.running).toBe(1);
    await clock.advance(1);
    await shutdown;
    expect(queue.depth.running).toBe(0);
  });

  it('retries a handler that throws synchronously', async () => {
    const { clock, queue, errors } = (() => {
      const clock = createFakeClock();
      const errors: string[] = [];
      const handle: Handle<string> = () => {
        throw new Error('at once');
      };
      const onError = (key: string): void => void errors.push(key);
      return { clock, errors, queue: createWorkQueue(handle, { concurrency: 1, clock, random, onError }) };
    })();
    queue.add('a');
    await clock.advance(250);
    expect(errors).toEqual(['a', 'a']);
  });

  it('rejects a concurrency that is not an integer of at least 1', () => {
    for (const concurrency of [0, 1.5, Number.NaN])
      expect(() => createWorkQueue(() => Promise.resolve(DONE), { concurrency })).toThrow(/concurrency/);
  });
});
