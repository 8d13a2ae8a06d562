import { describe, expect, it } from 'vitest';
import {
  added,
  controlledReflector,
  deleted,
  failure,
  listed,
  modified,
  streamingReflector,
  thing,
} from '../testing/controlled-reflector.ts';

describe('the reflector, with a server that streams lists', () => {
  it('reads the list from a stream and continues on the same stream as the watch', async () => {
    const { clock, reflector, last, changes, lists, watches } = await streamingReflector();
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
    const { clock, reflector, last, changes, read } = await streamingReflector();
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
    const { clock, reflector, last, watches } = await streamingReflector();
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
      const all = controlledReflector(0.5, true);
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
      const all = controlledReflector(0.5, true);
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
    const { clock, last, watches } = await streamingReflector(1);
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
