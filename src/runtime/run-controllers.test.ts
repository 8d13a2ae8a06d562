import { describe, expect, it } from 'vitest';
import { type Controller, type Source, watch } from './controller.ts';
import { createLogger, silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { deriveStore } from './reflector/derived-store.ts';
import type { ListWatch, RawObject, WatchEvent } from './reflector/list-watch.ts';
import { createReflector, type Reflector } from './reflector/reflector.ts';
import { runControllers } from './run-controllers.ts';
import { createFakeClock } from './testing/fake-clock.ts';

/** A controller of things that are listed once and then changed by the test. */
function setup(
  names: readonly string[],
  reconcile: Controller['reconcile'],
  mayLead?: Promise<void>,
  source: (things: Reflector<string>) => Source<string> = (things) => things,
) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  let listFails: Error | undefined;
  let wake = Promise.withResolvers<void>();
  const events: WatchEvent<RawObject>[] = [];
  const listWatch: ListWatch<RawObject> = {
    what: 'things',
    list: () =>
      listFails
        ? Promise.reject(listFails)
        : Promise.resolve({ items: names.map((name) => ({ metadata: { name } })), resourceVersion: '1' }),
    async *watch({ signal }) {
      signal.addEventListener('abort', () => wake.resolve());
      while (!signal.aborted) {
        for (let event = events.shift(); event; event = events.shift()) yield event;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    },
  };
  const transform = (raw: RawObject): string => raw.metadata.name;
  const things: Reflector<string> = createReflector({
    source: listWatch,
    transform,
    logger: silentLogger,
    metrics,
    clock,
  });
  const start = () =>
    runControllers({
      controllers: [{ name: 'tidy', watches: [watch(source(things), (change) => change.key)], reconcile }],
      logger,
      metrics,
      clock,
      ...(mayLead ? { mayLead } : {}),
    });
  return {
    clock,
    lines,
    metrics,
    start,
    failLists: (error?: Error) => {
      listFails = error;
    },
    add: (name: string): void => {
      events.push({ kind: 'added', object: { metadata: { name } } });
      wake.resolve();
    },
  };
}

describe('running controllers', () => {
  it('reconciles existing objects, then changes', async () => {
    const seen: string[] = [];
    const { clock, start, add } = setup(['a', 'b'], async (key) => {
      seen.push(key);
      return { kind: 'done' };
    });
    const run = start();
    await run.started;
    await clock.settle();
    expect(seen).toEqual(['a', 'b']);
    add('c');
    await clock.settle();
    expect(seen).toEqual(['a', 'b', 'c']);
    await run.stop(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts and waits for the whole where a controller is only interested in a part', async () => {
    const seen: string[] = [];
    const reconcile = async (key: string) => {
      seen.push(key);
      return { kind: 'done' } as const;
    };
    const { start, add, clock } = setup(['a', 'b'], reconcile, undefined, (things) => ({
      ...deriveStore(things, (name) => (name === 'b' ? null : name)),
      origin: things,
    }));
    const run = start();
    await run.started;
    add('c');
    await clock.settle();
    expect(seen).toEqual(['a', 'c']);
    await run.stop(0);
  });

  it('reconciles nothing before everything is synced, and reports what is missing', async () => {
    const seen: string[] = [];
    const { clock, start, failLists, lines } = setup(['a'], async (key) => {
      seen.push(key);
      return { kind: 'done' };
    });
    failLists(Object.assign(new Error('list things: 403 Forbidden'), { code: 403 }));
    const run = start();
    await clock.advance(31_000);
    expect(seen).toEqual([]);
    expect(run.readiness.check()).toEqual({
      ok: false,
      text: 'not synced: things (list things: 403 Forbidden)',
    });
    expect(run.liveness.check()).toEqual({ ok: true });
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'still not synced',
        missing: ['things (list things: 403 Forbidden)'],
      }),
    );
    failLists();
    await clock.advance(30_000);
    expect(seen).toEqual(['a']);
    expect(run.readiness.check()).toEqual({ ok: true });
    await run.stop(0);
  });

  it('keeps its stores synced but reconciles nothing before it leads', async () => {
    const seen: string[] = [];
    const lead = Promise.withResolvers<void>();
    const reconcile: Controller['reconcile'] = async (key) => {
      seen.push(key);
      return { kind: 'done' };
    };
    const { clock, start } = setup(['a'], reconcile, lead.promise);
    const run = start();
    await run.synced;
    await clock.settle();
    expect(seen).toEqual([]);
    lead.resolve();
    await run.started;
    await clock.settle();
    expect(seen).toEqual(['a']);
    await run.stop(0);
  });

  it('logs controller, key and reconcileId in every line of a reconcile, and counts the result', async () => {
    let tries = 0;
    const { clock, start, lines, metrics } = setup(['a'], async () => {
      tries++;
      if (tries === 1) throw new Error('not yet');
      return tries === 2 ? { kind: 'requeue', afterMs: 10 } : { kind: 'done' };
    });
    const run = start();
    await run.started;
    await clock.advance(10_000);
    expect(tries).toBe(3);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({
        msg: 'reconcile failed, will be retried',
        controller: 'tidy',
        key: 'a',
        reconcileId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        error: expect.objectContaining({ message: 'not yet' }) as unknown,
      }),
    ]);
    const { text } = await metrics.scrape();
    for (const [result, count] of Object.entries({
      success: 1,
      error: 1,
      requeue_after: 1,
    }))
      expect(text).toContain(
        `controller_runtime_reconcile_total{controller="tidy",result="${result}"} ${count}`,
      );
    expect(text).toContain('workqueue_depth{name="tidy"} 0');
    expect(text).toContain('workqueue_retries_total{name="tidy"} 1');
    await run.stop(0);
  });

  it('is alive while nothing happens, but not with a reconcile that never ends', async () => {
    const { clock, start, metrics } = setup(['quiet', 'stuck'], async (key) =>
      key === 'stuck' ? new Promise(() => {}) : { kind: 'done' },
    );
    const run = start();
    await run.started;
    await clock.advance(300_000);
    expect(run.liveness.check()).toEqual({ ok: true });
    await clock.advance(1_000);
    expect(run.liveness.check()).toEqual({ ok: false, text: 'stuck: tidy stuck for 301 s' });
    const { text } = await metrics.scrape();
    expect(text).toContain('workqueue_longest_running_processor_seconds{name="tidy"} 301');
    expect(text).toContain('workqueue_unfinished_work_seconds{name="tidy"} 301');
  });

  it('shows since when the server was not heard, from the start on', async () => {
    const { clock, start, metrics, failLists } = setup([], async () => ({ kind: 'done' }));
    const silence = async () => /^reflector_silence_seconds.*$/m.exec((await metrics.scrape()).text)?.[0];
    failLists(new Error('no route to host'));
    const run = start();
    await clock.advance(200_000);
    expect(await silence()).toBe('reflector_silence_seconds{resource="things"} 200');
    failLists();
    await clock.advance(100_000);
    await run.synced;
    const heard = Number((await silence())?.split(' ')[1]);
    expect(heard).toBeLessThan(100);
    await clock.advance(20_000);
    expect(await silence()).toBe(`reflector_silence_seconds{resource="things"} ${heard + 20}`);
    await run.stop(0);
  });

  it('lets a running reconcile finish at shutdown, and aborts it after the grace period', async () => {
    let aborted = false;
    const { clock, start } = setup(
      ['a'],
      (_key, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            resolve({ kind: 'done' });
          });
        }),
    );
    const run = start();
    await run.started;
    await clock.settle();
    const stopped = run.stop(5_000);
    await clock.advance(4_999);
    expect(aborted).toBe(false);
    await clock.advance(1);
    await stopped;
    expect(aborted).toBe(true);
  });
});
