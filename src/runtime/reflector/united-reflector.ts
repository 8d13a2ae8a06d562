/** Several reflectors of one kind of object as one, where a single selector cannot say "or". */

import type { Reflector } from './reflector.ts';
import type { ReflectorState } from './reflector-state.ts';
import type { Change, Listener } from './store.ts';

/**
 * The selectors should exclude each other. An object that changes sides is modified, not deleted: until the old side has
 * noticed it, both have the object, and the one that changed last is right.
 *
 * @param identity differs for an object that was re-created under the same name on the other side, for example its uid
 */
export function uniteReflectors<T>(
  parts: readonly [Reflector<T>, Reflector<T>],
  identity: (object: T) => unknown,
): Reflector<T> {
  const side = new Map<string, Reflector<T>>();
  /** What each change of a part means for the whole. Filled by the first listener of each part. */
  const meaning = new WeakMap<Change<T>, readonly Change<T>[]>();

  for (const part of parts) {
    const [other] = parts.filter((one) => one !== part);
    part.onChange((change) => meaning.set(change, interpret(change, part, other)));
  }

  function interpret(change: Change<T>, part: Reflector<T>, other: Reflector<T> | undefined) {
    const { key, object } = change;
    if (change.kind === 'deleted') {
      if (side.get(key) !== part) return [];
      const moved = other?.get(key);
      if (other === undefined || moved === undefined) {
        side.delete(key);
        return [change];
      }
      side.set(key, other);
      return replaced(key, object, moved);
    }
    const before = side.get(key);
    side.set(key, part);
    const old = before === undefined || before === part ? undefined : before.get(key);
    return old === undefined ? [change] : replaced(key, old, object);
  }

  function replaced(key: string, old: T, object: T): readonly Change<T>[] {
    if (identity(old) === identity(object)) return [{ kind: 'modified', key, object, old }];
    return [
      { kind: 'deleted', key, object: old },
      { kind: 'added', key, object },
    ];
  }

  const [first, second] = parts;
  const synced = Promise.all([first.synced, second.synced]).then(() => {});
  const get = (key: string): T | undefined => side.get(key)?.get(key);
  return {
    name: first.name === second.name ? first.name : `${first.name}, ${second.name}`,
    get,
    list: () => [...side.keys()].flatMap((key) => get(key) ?? []),
    keys: () => [...side.keys()],
    malformedKeys: () => parts.flatMap((part) => part.malformedKeys()).filter((key) => !side.has(key)),
    onChange(listener: Listener<T>) {
      // On the parts themselves: their stores call the other listeners even if one throws.
      const stops = parts.map((part) =>
        part.onChange((change) => {
          for (const whole of meaning.get(change) ?? []) listener(whole);
        }),
      );
      return () => {
        for (const stop of stops) stop();
      };
    },
    synced,
    get isSynced() {
      return parts.every((part) => part.isSynced);
    },
    get lastContactAt() {
      const times = parts.flatMap((part) => part.lastContactAt ?? []);
      return times.length < parts.length ? undefined : Math.min(...times);
    },
    get lastError() {
      return first.lastError ?? second.lastError;
    },
    /** That of the part which is worse off. */
    get state(): ReflectorState {
      return second.wedged || (first.isSynced && !second.isSynced) ? second.state : first.state;
    },
    get wedged() {
      return parts.some((part) => part.wedged);
    },
    async start(signal) {
      await Promise.all(parts.map(async (part) => part.start(signal)));
    },
  };
}
