import { describe, expect, it } from 'vitest';
import type { RawObject } from './list-watch.ts';
import { createStore } from './store.ts';

interface Thing extends RawObject {
  readonly value: string;
}
const thing = (name: string, resourceVersion: string, value: string): Thing => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion },
  value,
});

function setup() {
  const transformed: string[] = [];
  const malformed: string[] = [];
  const changes: string[] = [];
  const store = createStore<Thing, string>({
    transform({ value }) {
      transformed.push(value);
      if (value === 'bad') throw new TypeError('bad');
      return value === 'skip' ? null : value;
    },
    onMalformed: (key) => malformed.push(key),
    onListenerError(error) {
      throw error;
    },
  });
  store.onChange(({ kind, key }) => changes.push(`${kind} ${key}`));
  return { store, transformed, malformed, changes };
}

describe('a list that arrives in pieces', () => {
  it('transforms each object on arrival, so that whole objects need not be kept', () => {
    const { store, transformed } = setup();
    const list = store.stage();
    list.add(thing('a', '1', 'one'));
    expect(transformed).toEqual(['one']);
    list.commit();
    expect(transformed).toEqual(['one']);
    expect(store.list()).toEqual(['one']);
  });

  it('shows and reports nothing before it is complete', () => {
    const { store, malformed, changes } = setup();
    store.put(thing('gone', '1', 'old'));
    const list = store.stage();
    list.add(thing('new', '2', 'new'));
    list.add(thing('odd', '3', 'bad'));
    expect(store.list()).toEqual(['old']);
    expect({ malformed, changes, keys: store.malformedKeys() }).toEqual({
      malformed: [],
      changes: ['added gone'],
      keys: [],
    });
    list.commit();
    expect(changes).toEqual(['added gone', 'deleted gone', 'added new']);
    expect(malformed).toEqual(['odd']);
    expect(store.malformedKeys()).toEqual(['odd']);
  });

  it('reports an object as deleted when the transform now leaves it out', () => {
    const { store, changes } = setup();
    store.put(thing('a', '1', 'one'));
    const list = store.stage();
    list.add(thing('a', '2', 'skip'));
    list.commit();
    expect(changes).toEqual(['added a', 'deleted a']);
  });

  it('does not transform an object again whose version is known', () => {
    const { store, transformed, changes } = setup();
    store.put(thing('a', '1', 'one'));
    const list = store.stage();
    list.add(thing('a', '1', 'one'));
    list.commit();
    expect(transformed).toEqual(['one']);
    expect(changes).toEqual(['added a']);
  });

  it('has no effect if it is never committed', () => {
    const { store, malformed } = setup();
    store.put(thing('a', '1', 'one'));
    store.stage().add(thing('b', '2', 'bad'));
    expect(store.list()).toEqual(['one']);
    expect(malformed).toEqual([]);
  });
});
