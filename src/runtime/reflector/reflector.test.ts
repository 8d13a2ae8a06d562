import { describe, expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import {
  added,
  controlledReflector,
  deleted,
  failure,
  modified,
  runningReflector,
  type Thing,
  thing,
} from '../testing/controlled-reflector.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { ListWatch } from './list-watch.ts';
import { createReflector } from './reflector.ts';
import { SILENCE_LIMIT_MS } from './reflector-state.ts';

describe('the reflector', () => {
  it('lists, then watches from the version of the list', async () => {
    const { reflector, last, changes } = await runningReflector();
    expect(reflector.isSynced).toBe(true);
    expect(reflector.get('a')).toBe('one');
    expect(changes).toEqual(['added a one']);
    expect(last().from).toBe('10');
  });

  it('requests a watch of 240 to 300 seconds', async () => {
    expect((await runningReflector(0)).last().timeoutSeconds).toBe(240);
    expect((await runningReflector(0.999_999)).last().timeoutSeconds).toBe(300);
  });

  it('requests a watch that ends before it counts as dead, where the server sends no bookmarks', async () => {
    const { last } = await runningReflector(0.999_999, { withoutBookmarks: true });
    expect(last().timeoutSeconds * 1_000).toBeLessThan(SILENCE_LIMIT_MS);
  });

  it('reports what is added, modified and deleted', async () => {
    const { clock, last, changes } = await runningReflector();
    last().send(added(thing('b', 11, 'b1')));
    last().send(modified(thing('a', 12, 'two')));
    last().send(deleted(thing('b', 13, 'b1')));
    await clock.settle();
    expect(changes).toEqual(['added a one', 'added b b1', 'modified a two', 'deleted b b1']);
  });

  it('resumes at the version of a bookmark', async () => {
    const { clock, last } = await runningReflector();
    last().send({ kind: 'bookmark', resourceVersion: '50' });
    await clock.settle();
    last().end();
    await clock.settle();
    expect(last().from).toBe('50');
  });

  it('watches again immediately, without a list, after the server ended a healthy stream', async () => {
    const { clock, last, lists, watches } = await runningReflector();
    await clock.advance(60_000);
    last().end();
    await clock.settle();
    expect(watches).toHaveLength(2);
    expect(lists).toHaveLength(1);
  });

  it('leaves a malformed object out, reports it once, and accepts it when it is fixed', async () => {
    const { clock, last, malformed, reflector, changes } = await runningReflector();
    last().send(added(thing('b', 11, 'bad')));
    last().send(modified(thing('a', 12, 'bad')));
    await clock.settle();
    expect(malformed).toEqual(['b', 'a']);
    expect(reflector.malformedKeys()).toEqual(['b', 'a']);
    expect(changes.at(-1)).toBe('deleted a one');
    last().send(modified(thing('b', 13, 'good')));
    last().send(deleted(thing('a', 14, 'bad')));
    await clock.settle();
    expect(reflector.list()).toEqual(['good']);
    expect(reflector.malformedKeys()).toEqual([]);
  });

  it('survives an object without a name', async () => {
    const { clock, last, reflector } = await runningReflector();
    last().send(added({ value: 'nameless' } as unknown as Thing));
    last().send(added(thing('b', 12, 'named')));
    await clock.settle();
    expect(reflector.list()).toEqual(['one', 'named']);
  });

  it('leaves out objects for which the transform returns null', async () => {
    const { clock, last, reflector, changes } = await runningReflector();
    last().send(added(thing('b', 11, 'skip')));
    last().send(modified(thing('a', 12, 'skip')));
    await clock.settle();
    expect(reflector.list()).toEqual([]);
    expect(changes).toEqual(['added a one', 'deleted a one']);
  });

  it('calls all listeners even if one throws', async () => {
    const { clock, last, reflector } = await runningReflector();
    const heard: string[] = [];
    reflector.onChange(() => {
      throw new Error('listener failed');
    });
    reflector.onChange(({ key }) => heard.push(key));
    last().send(added(thing('b', 11)));
    await clock.settle();
    expect(heard).toEqual(['b']);
  });

  it('stops when its signal aborts, in every state, and leaves no timer', async () => {
    for (const state of ['watching', 'waiting'] as const) {
      const all = controlledReflector();
      if (state === 'waiting') all.failLists(failure(500));
      const loop = all.start();
      await all.clock.settle();
      expect(all.reflector.state.kind).toBe(state);
      all.stop.abort();
      await loop;
      expect(all.reflector.state).toEqual({ kind: 'stopped' });
      expect(all.clock.pendingTimers).toBe(0);
    }
  });

  it('is not wedged while the server is silent or unreachable', async () => {
    const { clock, reflector, last, failLists } = await runningReflector(1);
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      expect(reflector.wedged).toBe(false);
    }
    failLists(failure(0));
    last().end(failure(410));
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      expect(reflector.wedged).toBe(false);
    }
  });

  it('is wedged when its source neither answers nor reacts to the signal', async () => {
    const clock = createFakeClock();
    const deaf: ListWatch<Thing> = {
      what: 'things',
      list: () => new Promise(() => {}),
      watch: () => {
        throw new Error('not reached');
      },
    };
    const reflector = createReflector({
      source: deaf,
      transform: ({ value }) => value ?? '',
      logger: silentLogger,
      metrics: createMetrics(),
      clock,
    });
    void reflector.start(new AbortController().signal);
    await clock.advance(89_000);
    expect(reflector.wedged).toBe(false);
    await clock.advance(2_000);
    expect(reflector.wedged).toBe(true);
  });
});
