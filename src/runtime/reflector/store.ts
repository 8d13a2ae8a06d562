/** What a reflector knows: the objects by key, and who is told when one changes. */
import { keyOf, type ObjectMeta, type RawObject } from './list-watch.ts';

export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly object: T }
  | { readonly kind: 'modified'; readonly key: string; readonly object: T; readonly old: T }
  /** `object` is the last state that was known. */
  | { readonly kind: 'deleted'; readonly key: string; readonly object: T };

/** Called synchronously, when the store already holds the new state: enqueue a key and return. */
export type Listener<T> = (change: Change<T>) => void;

export interface Store<T> {
  get(key: string): T | undefined;
  list(): readonly T[];
  keys(): readonly string[];
  /** Keys that exist but could not be understood: not the same as gone. */
  malformedKeys(): readonly string[];
  /** Returns how to stop listening. */
  onChange(listener: Listener<T>): () => void;
}

/** An object could not be understood. Without a name there is no key, and nothing but the fact. */
export type OnMalformed = (key: string, error: unknown, metadata: Partial<ObjectMeta>) => void;

interface StoreOptions<Raw extends RawObject, T> {
  /** Keeps only what is read later; null leaves the object out; throwing calls it malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly onMalformed: OnMalformed;
  /** A listener threw. The others are told all the same. */
  readonly onListenerError: (error: unknown) => void;
}

interface WritableStore<Raw extends RawObject, T> extends Store<T> {
  put(raw: Raw): void;
  remove(raw: Raw): void;
  /**
   * Begins a list that arrives in pieces; nothing of it is seen before `commit`. What has the version that is known
   * is not reduced again, unless versions are not to be trusted.
   */
  stage(options?: { readonly trustVersions: boolean }): StagedList<Raw>;
}

export interface StagedList<Raw extends RawObject> {
  /** Reduces the object at once: of 5,000 nodes the whole objects would be a multiple of what is kept. */
  add(raw: Raw): void;
  remove(raw: Raw): void;
  /** Takes the list as the whole truth, in one step: what is not in it is told as deleted. */
  commit(): void;
  /** How many objects there are by now, those included that are left out. */
  readonly size: number;
}

interface Entry<T> {
  readonly object: T;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** What became of an object that the server has. */
type Reading<T> =
  | { readonly kind: 'understood'; readonly entry: Entry<T> }
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'malformed'; readonly error: unknown; readonly metadata: ObjectMeta };

/** One for all: of 5,000 nodes nearly every one is this. */
const UNWANTED = { kind: 'unwanted' } as const;

export function createStore<Raw extends RawObject, T>(options: StoreOptions<Raw, T>): WritableStore<Raw, T> {
  const entries = new Map<string, Entry<T>>();
  const malformed = new Map<string, string | undefined>();
  const listeners = new Set<Listener<T>>();

  function tell(changes: readonly Change<T>[]): void {
    for (const change of changes)
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          options.onListenerError(error);
        }
      }
  }

  function read(raw: Raw, known: Entry<T> | undefined): Reading<T> {
    const { name, namespace, uid, resourceVersion } = raw.metadata;
    if (known && resourceVersion !== undefined && known.resourceVersion === resourceVersion)
      return { kind: 'understood', entry: known };
    try {
      const object = options.transform(raw);
      if (object === null) return UNWANTED;
      return { kind: 'understood', entry: { object, uid, resourceVersion } };
    } catch (error) {
      // A copy of four fields: the rest of the metadata can be most of the object.
      const metadata = { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
      return {
        kind: 'malformed',
        error,
        metadata: { ...metadata, ...(resourceVersion ? { resourceVersion } : {}) },
      };
    }
  }

  /** The key of what has one. The type says that all do, the wire need not. */
  function named(raw: Raw): string | undefined {
    if (typeof (raw as Partial<RawObject> | null)?.metadata?.name === 'string') return keyOf(raw);
    options.onMalformed('', new TypeError('an object without metadata.name'), {});
    return undefined;
  }

  function accept(key: string, reading: Reading<T>): readonly Change<T>[] {
    switch (reading.kind) {
      case 'understood':
        malformed.delete(key);
        return keep(key, reading.entry);
      case 'unwanted':
        malformed.delete(key);
        return drop(key);
      case 'malformed':
        noteMalformed(key, reading.error, reading.metadata);
        // Dropped, not kept in its last good state: acting on what is known to be out of date is the worse
        // mistake. `malformedKeys` tells it from a deletion.
        return drop(key);
      default:
        return reading satisfies never;
    }
  }

  /** Once for each version: a list brings it again and again. */
  function noteMalformed(key: string, error: unknown, metadata: ObjectMeta): void {
    const version = metadata.resourceVersion;
    const isKnown = version !== undefined && malformed.get(key) === version;
    malformed.set(key, version);
    if (!isKnown) options.onMalformed(key, error, metadata);
  }

  function keep(key: string, entry: Entry<T>): readonly Change<T>[] {
    const old = entries.get(key);
    if (old === entry) return [];
    entries.set(key, entry);
    const { object } = entry;
    if (!old) return [{ kind: 'added', key, object }];
    if (old.uid === entry.uid) return [{ kind: 'modified', key, object, old: old.object }];
    // Deleted and created again while nobody watched: two incidents, not one change.
    return [
      { kind: 'deleted', key, object: old.object },
      { kind: 'added', key, object },
    ];
  }

  function drop(key: string): readonly Change<T>[] {
    const entry = entries.get(key);
    return entries.delete(key) && entry ? [{ kind: 'deleted', key, object: entry.object }] : [];
  }

  function stage({ trustVersions } = { trustVersions: true }): StagedList<Raw> {
    const readings = new Map<string, Reading<T>>();
    return {
      add(raw) {
        const key = named(raw);
        if (key !== undefined) readings.set(key, read(raw, trustVersions ? entries.get(key) : undefined));
      },
      remove(raw) {
        const key = named(raw);
        if (key !== undefined) readings.delete(key);
      },
      commit() {
        for (const key of malformed.keys()) if (!readings.has(key)) malformed.delete(key);
        const gone = [...entries.keys()].filter((key) => !readings.has(key)).flatMap(drop);
        const changes = [...gone, ...[...readings].flatMap(([key, reading]) => accept(key, reading))];
        // Whoever streamed the list holds it for as long as the watch that follows.
        readings.clear();
        tell(changes);
      },
      get size() {
        return readings.size;
      },
    };
  }

  return {
    get: (key) => entries.get(key)?.object,
    list: () => [...entries.values()].map((entry) => entry.object),
    keys: () => [...entries.keys()],
    malformedKeys: () => [...malformed.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    put(raw) {
      const key = named(raw);
      if (key !== undefined) tell(accept(key, read(raw, entries.get(key))));
    },
    remove(raw) {
      const key = named(raw);
      if (key === undefined) return;
      malformed.delete(key);
      tell(drop(key));
    },
    stage,
  };
}
