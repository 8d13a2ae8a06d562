import { describe, expect, it } from 'vitest';
import { deriveStore } from './derived-store.ts';
import { type Change, createStore } from './store.ts';

interface Box {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly content: string | null;
}

let version = 0;
const box = (name: string, content: string | null): Box => {
  version += 1;
  return { metadata: { name, uid: name, resourceVersion: `${version}` }, content };
};

function setup() {
  const whole = createStore<Box, Box>({
    transform: (raw) => raw,
    onMalformed: () => {},
    onListenerError: (error) => {
      throw error;
    },
  });
  const derived = deriveStore(whole, ({ content }) => content);
  const changes: Change<string>[] = [];
  const stop = derived.onChange((change) => changes.push(change));
  return { whole, derived, changes, stop };
}

describe('a derived store', () => {
  it('has the parts of those objects that have one', () => {
    const { whole, derived } = setup();
    whole.put(box('full', 'apples'));
    whole.put(box('empty', null));
    expect(derived.list()).toEqual(['apples']);
    expect(derived.keys()).toEqual(['full']);
    expect([derived.get('full'), derived.get('empty'), derived.get('other')]).toEqual([
      'apples',
      undefined,
      undefined,
    ]);
  });

  it('tells of a part that appears, changes and goes, whatever becomes of the object', () => {
    const { whole, changes } = setup();
    whole.put(box('one', null));
    whole.put(box('one', 'apples'));
    whole.put(box('one', 'pears'));
    whole.put(box('one', null));
    whole.put(box('one', 'plums'));
    whole.remove(box('one', 'plums'));
    expect(changes).toEqual([
      { kind: 'added', key: 'one', object: 'apples' },
      { kind: 'modified', key: 'one', object: 'pears', old: 'apples' },
      { kind: 'deleted', key: 'one', object: 'pears' },
      { kind: 'added', key: 'one', object: 'plums' },
      { kind: 'deleted', key: 'one', object: 'plums' },
    ]);
  });

  it('tells nothing more once the listener was removed', () => {
    const { whole, changes, stop } = setup();
    stop();
    whole.put(box('one', 'apples'));
    expect(changes).toEqual([]);
  });
});
