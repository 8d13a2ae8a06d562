import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  added,
  controlledReflector,
  deleted,
  failure,
  modified,
  thing,
} from '../testing/controlled-reflector.ts';
import { uniteReflectors } from './united-reflector.ts';

/** Two reflectors whose objects are strings, beside what the union of both reports. */
function twoSides(identity: (object: string) => unknown = () => 'the same') {
  const left = controlledReflector();
  const right = controlledReflector();
  const whole = uniteReflectors([left.reflector, right.reflector], identity);
  const changes: string[] = [];
  whole.onChange((change) =>
    changes.push(
      `${change.kind} ${change.key} ${change.kind === 'modified' ? `${change.old} -> ` : ''}${change.object}`,
    ),
  );
  const settle = async () => {
    await left.clock.settle();
    await right.clock.settle();
  };
  return { left, right, whole, changes, settle };
}

async function bothWatching(identity?: (object: string) => unknown) {
  const sides = twoSides(identity);
  sides.left.has([thing('a', 5, 'one')], 10);
  sides.right.has([thing('b', 6, 'two')], 10);
  const stop = new AbortController();
  const loop = sides.whole.start(stop.signal);
  await sides.settle();
  return { ...sides, stop, loop };
}

describe('two reflectors united', () => {
  it('have the objects of both, and report the changes of both', async () => {
    const { left, right, whole, changes, settle } = await bothWatching();
    expect(whole.keys()).toEqual(['a', 'b']);
    expect(whole.list()).toEqual(['one', 'two']);
    expect(whole.get('b')).toBe('two');
    left.last().send(modified(thing('a', 11, 'three')));
    right.last().send(deleted(thing('b', 12, 'two')));
    await settle();
    expect(whole.list()).toEqual(['three']);
    expect(changes).toEqual(['added a one', 'added b two', 'modified a one -> three', 'deleted b two']);
  });

  it('report an object that changes sides as modified, whichever side notices it first', async () => {
    const one = await bothWatching();
    one.right.last().send(added(thing('a', 11, 'moved')));
    await one.settle();
    expect(one.whole.get('a')).toBe('moved');
    one.right.last().send(modified(thing('a', 12, 'later')));
    await one.settle();
    one.left.last().send(deleted(thing('a', 11, 'one')));
    await one.settle();
    expect(one.whole.get('a')).toBe('later');
    expect(one.changes.slice(2)).toEqual(['modified a one -> moved', 'modified a moved -> later']);

    const other = await bothWatching();
    other.left.last().send(deleted(thing('a', 11, 'one')));
    await other.settle();
    other.right.last().send(added(thing('a', 11, 'moved')));
    await other.settle();
    expect(other.changes.slice(2)).toEqual(['deleted a one', 'added a moved']);
  });

  it('keep an object that both have until the last of them has lost it', async () => {
    const { left, right, whole, changes, settle } = await bothWatching();
    right.last().send(added(thing('a', 11, 'moved')));
    await settle();
    right.last().send(deleted(thing('a', 12, 'moved')));
    await settle();
    expect(whole.get('a')).toBe('one');
    left.last().send(deleted(thing('a', 13, 'one')));
    await settle();
    expect(whole.keys()).toEqual(['b']);
    expect(changes.slice(2)).toEqual(['modified a one -> moved', 'modified a moved -> one', 'deleted a one']);
  });

  it('report another object under the same name as two changes', async () => {
    const { right, changes, settle } = await bothWatching((object) => object);
    right.last().send(added(thing('a', 11, 'another')));
    await settle();
    expect(changes.slice(2)).toEqual(['deleted a one', 'added a another']);
  });

  it('are synced when both are, and say why one is not', async () => {
    const { left, right, whole, settle } = twoSides();
    left.has([thing('a', 5, 'one')], 10);
    right.failLists(failure(403));
    void whole.start(new AbortController().signal);
    await settle();
    expect([whole.isSynced, whole.lastError, whole.lastContactAt]).toEqual([false, 'code 403', undefined]);
    expect(whole.state.kind).toBe('waiting');
    right.failLists();
    await right.clock.advance(60_000);
    await settle();
    await whole.synced;
    expect([whole.isSynced, whole.lastError, whole.wedged]).toEqual([true, undefined, false]);
    expect(whole.lastContactAt).toBe(
      Math.min(left.reflector.lastContactAt ?? 0, right.reflector.lastContactAt ?? 0),
    );
  });

  it('know what is malformed on either side, except what is right on the other', async () => {
    const { left, right, whole, settle } = await bothWatching();
    left.last().send(added(thing('c', 11, 'bad')));
    right.last().send(added(thing('a', 12, 'bad')));
    await settle();
    expect(whole.malformedKeys()).toEqual(['c']);
  });

  it('stop together', async () => {
    const { left, right, stop, loop, changes, settle } = await bothWatching();
    stop.abort();
    await loop;
    expect([left.reflector.state.kind, right.reflector.state.kind]).toEqual(['stopped', 'stopped']);
    await settle();
    expect(changes).toHaveLength(2);
  });

  it('do not call a listener that was removed', async () => {
    const { left, whole, settle } = await bothWatching();
    const heard: string[] = [];
    const stop = whole.onChange(({ key }) => heard.push(key));
    stop();
    left.last().send(added(thing('c', 11, 'x')));
    await settle();
    expect(heard).toEqual([]);
  });
});

it('whatever happens on both sides, what was reported adds up to what the union holds', async () => {
  const event = fc.record({
    side: fc.constantFrom<'left' | 'right'>('left', 'right'),
    name: fc.constantFrom('a', 'b', 'c'),
    isDeleted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const { whole, settle, ...sides } = await bothWatching();
      const heard = new Map(whole.keys().map((key) => [key, whole.get(key)]));
      whole.onChange(({ kind, key, object }) => {
        expect(kind === 'added').toBe(!heard.has(key));
        if (kind === 'deleted') heard.delete(key);
        else heard.set(key, object);
      });
      for (const [index, { side, name, isDeleted }] of events.entries()) {
        const object = thing(name, 20 + index, `${side} ${index}`);
        sides[side].last().send(isDeleted ? deleted(object) : added(object));
        await settle();
        expect(heard).toEqual(new Map(whole.keys().map((key) => [key, whole.get(key)])));
        const known = [sides.left, sides.right].map(({ reflector }) => reflector.get(name) !== undefined);
        expect(whole.get(name) !== undefined).toBe(known.includes(true));
      }
    }),
    { numRuns: 60 },
  );
});
