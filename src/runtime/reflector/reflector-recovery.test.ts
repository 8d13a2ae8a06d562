import { describe, expect, it } from 'vitest';
import {
  added,
  controlledReflector,
  deleted,
  failure,
  modified,
  runningReflector,
  thing,
} from '../testing/controlled-reflector.ts';

describe('the recovery of a reflector', () => {
  it('backs off from a server that closes each watch immediately', async () => {
    const { clock, watches, last } = await runningReflector();
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
    const { clock, last, lists, reflector, watches } = await runningReflector();
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
    const { clock, last, watches } = await runningReflector();
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
      const all = controlledReflector(1);
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
    const all = controlledReflector(1);
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
    const { clock, has, last, changes, lists, reflector } = await runningReflector();
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
    const { clock, last, lists, watches } = await runningReflector(1);
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
    const { clock, last, lists } = await runningReflector();
    for (let time = 0; time < 5; time++) {
      last().end(failure(500));
      await clock.advance(30_000);
    }
    expect(lists).toHaveLength(2);
  });

  it('ignores an event older than its current version', async () => {
    const { clock, last, reflector } = await runningReflector();
    last().send(modified(thing('a', 20, 'new')));
    last().send(modified(thing('a', 15, 'old')));
    last().send(deleted(thing('a', 16, 'old')));
    await clock.settle();
    expect(reflector.get('a')).toBe('new');
  });

  it('compares versions as numbers', async () => {
    const { clock, last, reflector } = await runningReflector();
    last().send(modified(thing('a', 99, 'ninety-nine')));
    last().send(modified(thing('a', 100, 'a hundred')));
    await clock.settle();
    expect(reflector.get('a')).toBe('a hundred');
  });

  it('rejects a list older than its current version until the third in a row', async () => {
    const { clock, has, last, reflector } = await runningReflector();
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
    const { clock, has, last, reflector } = await runningReflector();
    last().send(modified(thing('a', 30, 'new')));
    last().send(added(thing('b', 100, 'gone')));
    await clock.settle();
    has([thing('a', 30, 'another history')], 40);
    last().end(failure(410));
    await clock.advance(60_000);
    expect(reflector.list()).toEqual(['another history']);
  });

  it('replaces a stream that is silent for 150 s', async () => {
    const { clock, watches } = await runningReflector();
    await clock.advance(149_999);
    expect(watches).toHaveLength(1);
    await clock.advance(1_000);
    expect(watches).toHaveLength(2);
    expect(watches[0]?.isOpen).toBe(false);
  });
});
