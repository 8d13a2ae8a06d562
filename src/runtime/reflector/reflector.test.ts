import { describe, expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import type { ListWatch, RawObject, WatchEvent, WatchRequest } from './list-watch.ts';
import { createReflector } from './reflector.ts';

interface Thing extends RawObject {
  readonly value?: string;
}

const thing = (name: string, resourceVersion: number, value = '', uid = `uid-${name}`): Thing => ({
  metadata: { name, uid, resourceVersion: String(resourceVersion) },
  value,
});
const added = (object: Thing): WatchEvent<Thing> => ({ kind: 'added', object });
const modified = (object: Thing): WatchEvent<Thing> => ({ kind: 'modified', object });
const deleted = (object: Thing): WatchEvent<Thing> => ({ kind: 'deleted', object });
const failure = (code: number, retryAfterMs?: number): Error =>
  Object.assign(new Error(`code ${code}`), { code, retryAfterMs });

/** A server whose answers are controlled by the test. */
function setup(random = 0.5, streamsLists = false) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  let objects: readonly Thing[] = [];
  let version = 1;
  let listFails: Error | undefined;
  let streamFails: Error | undefined;
  const lists: string[] = [];
  const read: string[] = [];
  const watches: {
    readonly from: string;
    readonly timeoutSeconds: number;
    send(event: WatchEvent<Thing>): void;
    end(error?: Error): void;
    isOpen: boolean;
  }[] = [];

  async function* open(from: string, { timeoutSeconds, signal, onOpen }: WatchRequest) {
    const queue: WatchEvent<Thing>[] = [];
    let end: { readonly error?: Error | undefined } | undefined;
    let wake = Promise.withResolvers<void>();
    const watch = {
      from,
      timeoutSeconds,
      isOpen: true,
      send(event: WatchEvent<Thing>) {
        queue.push(event);
        wake.resolve();
      },
      end(error?: Error) {
        end = { error };
        wake.resolve();
      },
    };
    watches.push(watch);
    if (streamFails && from === '') throw streamFails;
    signal.addEventListener('abort', () => watch.end(signal.reason as Error));
    onOpen?.();
    try {
      for (;;) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event;
        if (end?.error) throw end.error;
        if (end) return;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      watch.isOpen = false;
    }
  }
  const source: ListWatch<Thing> = {
    what: 'things',
    list({ continue: next }) {
      lists.push(next ?? '');
      if (listFails) return Promise.reject(listFails);
      return Promise.resolve({ items: objects, resourceVersion: String(version) });
    },
    watch: ({ resourceVersion, ...request }) => open(resourceVersion, request),
    ...(streamsLists ? { watchList: (request: WatchRequest) => open('', request) } : {}),
  };
  const malformed: string[] = [];
  const reflector = createReflector<Thing, string>({
    source,
    transform: ({ metadata, value = '' }) => {
      read.push(metadata.name);
      if (value === 'bad') throw new TypeError('bad');
      return value === 'skip' ? null : value;
    },
    onMalformed: (key) => malformed.push(key),
    logger: silentLogger,
    metrics,
    clock,
    random: () => random,
  });
  const changes: string[] = [];
  reflector.onChange(({ kind, key, object }) => changes.push(`${kind} ${key} ${object}`.trim()));
  const stop = new AbortController();
  return {
    clock,
    reflector,
    changes,
    malformed,
    lists,
    read,
    watches,
    stop,
    has: (next: readonly Thing[], at: number): void => {
      objects = next;
      version = at;
    },
    failLists: (error?: Error): void => {
      listFails = error;
    },
    failStreams: (error?: Error): void => {
      streamFails = error;
    },
    start(): Promise<void> {
      const loop = reflector.start(stop.signal);
      return loop;
    },
    last: () => {
      const watch = watches.at(-1);
      if (!watch) throw new Error('no watch was opened');
      return watch;
    },
  };
}

async function running(random?: number) {
  const all = setup(random);
  all.has([thing('a', 5, 'one')], 10);
  void all.start();
  await all.clock.settle();
  return all;
}

/** With a server that streams lists and has not sent anything yet. */
async function streaming(random?: number) {
  const all = setup(random, true);
  void all.start();
  await all.clock.settle();
  return all;
}
const listed = (version: number): WatchEvent<Thing> => ({ kind: 'listed', resourceVersion: String(version) });

describe('the reflector, with a server that streams lists', () => {
  it('reads the list from a stream and continues on the same stream as the watch', async () => {
    const { clock, reflector, last, changes, lists, watches } = await streaming();
    last().send(added(thing('a', 5, 'one')));
    last().send(listed(10));
    await clock.settle();
    expect(reflector.isSynced).toBe(true);
    expect(reflector.state.kind).toBe('watching');
    last().send(modified(thing('a', 11, 'two')));
    await clock.settle();
    expect(changes).toEqual(['added a one', 'modified a two']);
    expect(watches).toHaveLength(1);
    expect(lists).toEqual([]);
    last().end();
    await clock.settle();
    expect(last().from).toBe('11');
  });

  it('changes nothing before the list is complete, then everything in one step', async () => {
    const { clock, reflector, last, changes, read } = await streaming();
    last().send(added(thing('a', 5, 'one')));
    last().send(added(thing('b', 6, 'b1')));
    last().send(listed(10));
    await clock.settle();
    last().end(failure(410));
    await clock.settle();
    expect(last().from).toBe('');
    last().send(added(thing('c', 20, 'c1')));
    last().send(added(thing('d', 21, 'd1')));
    last().send(deleted(thing('d', 22, 'd1')));
    last().send(added(thing('b', 6, 'b1')));
    await clock.settle();
    expect(reflector.list()).toEqual(['one', 'b1']);
    // Transformed on arrival, so that no whole object is held; known versions are not transformed again.
    expect(read).toEqual(['a', 'b', 'c', 'd']);
    last().send(listed(30));
    await clock.settle();
    expect(changes.slice(2)).toEqual(['deleted a one', 'added c c1']);
    expect(reflector.list()).toEqual(['b1', 'c1']);
  });

  it('keeps its content when the stream breaks in the middle of the list', async () => {
    const { clock, reflector, last, watches } = await streaming();
    last().send(added(thing('a', 5, 'one')));
    last().send(listed(10));
    await clock.settle();
    last().end(failure(410));
    await clock.settle();
    last().send(added(thing('b', 20, 'b1')));
    last().end(failure(0));
    await clock.settle();
    expect(reflector.list()).toEqual(['one']);
    await clock.advance(2_000);
    expect(watches).toHaveLength(3);
    expect(last().from).toBe('');
  });

  it.each([400, 422])(
    'reads pages if streaming is refused with %i, and tries streaming again after ten minutes',
    async (code) => {
      const all = setup(0.5, true);
      all.has([thing('a', 5, 'one')], 10);
      all.failStreams(failure(code));
      void all.start();
      await all.clock.settle();
      expect(all.reflector.get('a')).toBe('one');
      expect(all.watches.map(({ from }) => from)).toEqual(['', '10']);
      expect(all.reflector.lastError).toBeUndefined();
      all.last().end(failure(410));
      await all.clock.settle();
      expect(all.lists).toHaveLength(2);
      all.failStreams();
      await all.clock.advance(600_000);
      all.last().end(failure(410));
      await all.clock.settle();
      expect(all.last().from).toBe('');
      expect(all.lists).toHaveLength(2);
    },
  );

  it('reads pages if the stream ends or is silent for 10 s before its list is complete', async () => {
    for (const end of ['ends', 'falls silent'] as const) {
      const all = setup(0.5, true);
      all.has([thing('a', 5, 'one')], 10);
      void all.start();
      await all.clock.settle();
      all.last().send(added(thing('b', 5, 'only a change')));
      if (end === 'ends') all.last().end();
      else await all.clock.advance(9_999);
      expect(all.lists).toHaveLength(0);
      await all.clock.advance(1);
      expect(all.reflector.list()).toEqual(['one']);
    }
  });

  it('does not spin on a server that expires each list immediately', async () => {
    const { clock, last, watches } = await streaming(1);
    for (let time = 0; time < 50; time++) {
      last().send(listed(10));
      last().end(failure(410));
      await clock.advance(31_000);
    }
    const before = watches.length;
    last().send(listed(10));
    last().end(failure(410));
    await clock.advance(29_000);
    expect(watches.length - before).toBeLessThanOrEqual(1);
  });
});

describe('the reflector', () => {
  it('lists, then watches from the version of the list', async () => {
    const { reflector, last, changes } = await running();
    expect(reflector.isSynced).toBe(true);
    expect(reflector.get('a')).toBe('one');
    expect(changes).toEqual(['added a one']);
    expect(last().from).toBe('10');
  });

  it('requests a watch of 240 to 300 seconds', async () => {
    expect((await running(0)).last().timeoutSeconds).toBe(240);
    expect((await running(0.999_999)).last().timeoutSeconds).toBe(300);
  });

  it('reports what is added, modified and deleted', async () => {
    const { clock, last, changes } = await running();
    last().send(added(thing('b', 11, 'b1')));
    last().send(modified(thing('a', 12, 'two')));
    last().send(deleted(thing('b', 13, 'b1')));
    await clock.settle();
    expect(changes).toEqual(['added a one', 'added b b1', 'modified a two', 'deleted b b1']);
  });

  it('resumes at the version of a bookmark', async () => {
    const { clock, last } = await running();
    last().send({ kind: 'bookmark', resourceVersion: '50' });
    await clock.settle();
    last().end();
    await clock.settle();
    expect(last().from).toBe('50');
  });

  it('watches again immediately, without a list, after the server ended a healthy stream', async () => {
    const { clock, last, lists, watches } = await running();
    await clock.advance(60_000);
    last().end();
    await clock.settle();
    expect(watches).toHaveLength(2);
    expect(lists).toHaveLength(1);
  });

  it('backs off from a server that closes each watch immediately', async () => {
    const { clock, watches, last } = await running();
    last().end();
    await clock.advance(249);
    expect(watches).toHaveLength(1);
    await clock.advance(1);
    expect(watches).toHaveLength(2);
  });

  it.each([
    ['a reset', failure(0)],
    ['a 503', failure(503)],
    ['a 429', failure(429)],
    ['a 403', failure(403)],
    ['an error inside the stream', failure(500)],
    ['an error of another kind', new SyntaxError('not JSON')],
  ])('resumes from its last version after %s', async (_name, error) => {
    const { clock, last, lists, reflector, watches } = await running();
    last().send(modified(thing('a', 12, 'two')));
    await clock.settle();
    last().end(error);
    await clock.settle();
    expect(reflector.state.kind).toBe('waiting');
    expect(reflector.lastError).toBe(error.message);
    await clock.advance(500);
    expect(watches).toHaveLength(2);
    expect(last().from).toBe('12');
    expect(lists).toHaveLength(1);
    expect(reflector.lastError).toBeUndefined();
    expect(reflector.get('a')).toBe('two');
  });

  it('honours Retry-After', async () => {
    const { clock, last, watches } = await running();
    last().end(failure(429, 7_000));
    await clock.advance(6_999);
    expect(watches).toHaveLength(1);
    await clock.advance(1);
    expect(watches).toHaveLength(2);
  });

  it('backs off for up to 30 s after an error response, and for up to 2 s while the server is unreachable', async () => {
    for (const [code, longest] of [
      [500, 30_000],
      [403, 30_000],
      [0, 2_000],
      [503, 2_000],
    ] as const) {
      const all = setup(1);
      all.failLists(failure(code));
      void all.start();
      await all.clock.advance(300_000);
      const before = all.lists.length;
      await all.clock.advance(300_000);
      expect(all.lists.length - before).toBe(300_000 / longest);
      expect(all.reflector.isSynced).toBe(false);
      all.failLists();
      await all.clock.advance(longest);
      expect(all.reflector.isSynced).toBe(true);
    }
  });

  it('resets its back-off when an unreachable server answers again', async () => {
    const all = setup(1);
    all.failLists(failure(0));
    void all.start();
    await all.clock.advance(120_000);
    all.failLists(failure(403));
    await all.clock.advance(2_000);
    all.failLists();
    await all.clock.advance(1_000);
    expect(all.reflector.isSynced).toBe(true);
  });

  it('lists again immediately after a 410, and reports the deletes', async () => {
    const { clock, has, last, changes, lists, reflector } = await running();
    last().send(added(thing('b', 11, 'b1')));
    await clock.settle();
    has([thing('b', 20, 'b2'), thing('c', 21, 'c1')], 30);
    last().end(failure(410));
    await clock.settle();
    expect(lists).toHaveLength(2);
    expect(changes.slice(2)).toEqual(['deleted a one', 'modified b b2', 'added c c1']);
    expect(reflector.keys()).toEqual(['b', 'c']);
    expect(last().from).toBe('30');
  });

  it('does not spin on a server that answers every version with 410', async () => {
    const { clock, last, lists, watches } = await running(1);
    for (let time = 0; time < 200; time++) {
      const open = watches.length;
      last().end(failure(410));
      await clock.advance(1_000);
      if (watches.length === open) await clock.advance(30_000);
    }
    expect(lists.length).toBeGreaterThan(20);
    const before = lists.length;
    last().end(failure(410));
    await clock.advance(29_000);
    expect(lists.length - before).toBeLessThanOrEqual(1);
  });

  it('lists again after the fifth failure from one version', async () => {
    const { clock, last, lists } = await running();
    for (let time = 0; time < 5; time++) {
      last().end(failure(500));
      await clock.advance(30_000);
    }
    expect(lists).toHaveLength(2);
  });

  it('ignores an event older than its current version', async () => {
    const { clock, last, reflector } = await running();
    last().send(modified(thing('a', 20, 'new')));
    last().send(modified(thing('a', 15, 'old')));
    last().send(deleted(thing('a', 16, 'old')));
    await clock.settle();
    expect(reflector.get('a')).toBe('new');
  });

  it('compares versions as numbers', async () => {
    const { clock, last, reflector } = await running();
    last().send(modified(thing('a', 99, 'ninety-nine')));
    last().send(modified(thing('a', 100, 'a hundred')));
    await clock.settle();
    expect(reflector.get('a')).toBe('a hundred');
  });

  it('rejects a list older than its current version until the third in a row', async () => {
    const { clock, has, last, reflector } = await running();
    last().send(modified(thing('a', 100, 'new')));
    await clock.settle();
    has([thing('a', 5, 'restored')], 40);
    last().end(failure(410));
    await clock.settle();
    expect(reflector.get('a')).toBe('new');
    await clock.advance(30_000);
    expect(reflector.get('a')).toBe('restored');
    expect(last().from).toBe('40');
  });

  it('reads the objects of a restored server again even if their versions are known', async () => {
    const { clock, has, last, reflector } = await running();
    last().send(modified(thing('a', 30, 'new')));
    last().send(added(thing('b', 100, 'gone')));
    await clock.settle();
    has([thing('a', 30, 'another history')], 40);
    last().end(failure(410));
    await clock.advance(60_000);
    expect(reflector.list()).toEqual(['another history']);
  });

  it('replaces a stream that is silent for 150 s', async () => {
    const { clock, watches } = await running();
    await clock.advance(149_999);
    expect(watches).toHaveLength(1);
    await clock.advance(1_000);
    expect(watches).toHaveLength(2);
    expect(watches[0]?.isOpen).toBe(false);
  });

  it('leaves a malformed object out, reports it once, and accepts it when it is fixed', async () => {
    const { clock, last, malformed, reflector, changes } = await running();
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
    const { clock, last, reflector } = await running();
    last().send(added({ value: 'nameless' } as unknown as Thing));
    last().send(added(thing('b', 12, 'named')));
    await clock.settle();
    expect(reflector.list()).toEqual(['one', 'named']);
  });

  it('leaves out objects for which the transform returns null', async () => {
    const { clock, last, reflector, changes } = await running();
    last().send(added(thing('b', 11, 'skip')));
    last().send(modified(thing('a', 12, 'skip')));
    await clock.settle();
    expect(reflector.list()).toEqual([]);
    expect(changes).toEqual(['added a one', 'deleted a one']);
  });

  it('calls all listeners even if one throws', async () => {
    const { clock, last, reflector } = await running();
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
      const all = setup();
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
    const { clock, reflector, last, failLists } = await running(1);
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
