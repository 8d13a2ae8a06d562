/** A part of what a store knows as a store of its own, so that one watch serves readers with different interests. */
import type { Change, Listener, Store } from './store.ts';

/** @param pick the part of an object; null for an object without it, which the derived store does not have */
export function deriveStore<T, U>(whole: Store<T>, pick: (object: T) => U | null): Store<U> {
  const part = (object: T | undefined): U | undefined =>
    object === undefined ? undefined : (pick(object) ?? undefined);

  function interpret(change: Change<T>): Change<U> | null {
    const { key } = change;
    const object = part(change.object);
    if (change.kind !== 'modified') return object === undefined ? null : { kind: change.kind, key, object };
    const old = part(change.old);
    if (object === undefined) return old === undefined ? null : { kind: 'deleted', key, object: old };
    return old === undefined ? { kind: 'added', key, object } : { kind: 'modified', key, object, old };
  }

  return {
    get: (key) => part(whole.get(key)),
    list: () => whole.list().flatMap((object) => part(object) ?? []),
    keys: () => whole.keys().filter((key) => part(whole.get(key)) !== undefined),
    malformedKeys: () => whole.malformedKeys(),
    onChange(listener: Listener<U>) {
      return whole.onChange((change) => {
        const derived = interpret(change);
        if (derived) listener(derived);
      });
    },
  };
}
