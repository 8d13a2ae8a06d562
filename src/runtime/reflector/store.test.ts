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
  const reduced: string[] = [];
  const malformed: string[] = [];
  const told: string[] = [];
  const store = createStore<Thing, string>({
    transform({ value }) {
      reduced.push(value);
      if (value === 'bad') throw new TypeError('bad');
      return value === 'skip' ? null : value;
    },
    onMalformed: (key) => malformed.push(key),
    onListenerError(error) {
      throw error;
    },
  });
  store.onChange(({ kind, key }) => told.push(`${kind} ${key}`));
  return { store, reduced, malformed, told };
}

describe('a list that arrives in pieces', () => {
  it('reduces each object when it comes, so that the whole ones need not be kept', () => {
    const { store, reduced } = setup();
    const list = store.stage();
    list.add(thing('a', '1', 'one'));
    expect(reduced).toEqual(['one']);
    list.commit();
    expect(reduced).toEqual(['one']);
    expect(store.list()).toEqual(['one']);
  });

  it('shows and tells nothing before it is complete', () => {
    const { store, malformed, told } = setup();
    store.put(thing('gone', '1', 'old'));
    const list = store.stage();
    list.add(thing('new', '2', 'new'));
    list.add(thing('odd', '3', 'bad'));
    expect(store.list()).toEqual(['old']);
    expect({ malformed, told, keys: store.malformedKeys() }).toEqual({
      malformed: [],
      told: ['added gone'],
      keys: [],
    });
    list.commit();
    expect(told).toEqual(['added gone', 'deleted gone', 'added new']);
    expect(malformed).toEqual(['odd']);
    expect(store.malformedKeys()).toEqual(['odd']);
  });

  it('tells as deleted what is there but is to be left out now', () => {
    const { store, told } = setup();
    store.put(thing('a', '1', 'one'));
    const list = store.stage();
    list.add(thing('a', '2', 'skip'));
    list.commit();
    expect(told).toEqual(['added a', 'deleted a']);
  });

  it('does not reduce again what it has in that version', () => {
    const { store, reduced, told } = setup();
    store.put(thing('a', '1', 'one'));
    const list = store.stage();
    list.add(thing('a', '1', 'one'));
    list.commit();
    expect(reduced).toEqual(['one']);
    expect(told).toEqual(['added a']);
  });

  it('is as if it had never been when it is not completed', () => {
    const { store, malformed } = setup();
    store.put(thing('a', '1', 'one'));
    store.stage().add(thing('b', '2', 'bad'));
    expect(store.list()).toEqual(['one']);
    expect(malformed).toEqual([]);
  });
});
