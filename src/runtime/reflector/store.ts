/** The objects a reflector knows, by key, and the listeners for their changes. */
import { keyOf, type ObjectMeta, type RawObject } from './list-watch.ts';

export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly object: T }
  | { readonly kind: 'modified'; readonly key: string; readonly object: T; readonly old: T }
  /** `object` is the last known state. */
  | { readonly kind: 'deleted'; readonly key: string; readonly object: T };

/** Called synchronously, when the store already holds the new state. It should only enqueue a key. */
export type Listener<T> = (change: Change<T>) => void;

export interface Store<T> {
  get(key: string): T | undefined;
  /** The same array for as long as nothing changes. */
  list(): readonly T[];
  keys(): readonly string[];
  /** Keys of objects that exist but are malformed, which is not the same as deleted. */
  malformedKeys(): readonly string[];
  /** @returns a function that removes the listener */
  onChange(listener: Listener<T>): () => void;
}

/** Called for a malformed object. For one without a name the key is empty and there is no metadata. */
export type OnMalformed = (key: string, error: unknown, metadata: Partial<ObjectMeta>) => void;

interface StoreOptions<Raw extends RawObject, T> {
  /** Keeps only the fields that are used; null leaves the object out; a throw marks it as malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly onMalformed: OnMalformed;
  /** Called when a listener threw. The other listeners are called nevertheless. */
  readonly onListenerError: (error: unknown) => void;
}

interface WritableStore<Raw extends RawObject, T> extends Store<T> {
  put(raw: Raw): void;
  remove(raw: Raw): void;
  /**
   * Begins a list that arrives in parts; nothing of it is visible before `commit`. An object whose version is known is not
   * transformed again, unless versions are not to be trusted.
   */
  stage(options?: { readonly trustVersions: boolean }): StagedList<Raw>;
}

export interface StagedList<Raw extends RawObject> {
  /** Transforms the object immediately: 5,000 whole nodes would take a multiple of the memory. */
  add(raw: Raw): void;
  remove(raw: Raw): void;
  /** Replaces the content of the store in one step; what is not in the list is reported as deleted. */
  commit(): void;
  /** Number of objects so far, including those that are left out. */
  readonly size: number;
}

interface Entry<T> {
  readonly object: T;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** The result of reading one object. */
type Reading<T> =
  | { readonly kind: 'parsed'; readonly entry: Entry<T> }
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'malformed'; readonly error: unknown; readonly metadata: ObjectMeta };

/** Shared, because with 5,000 nodes nearly every one is left out. */
const UNWANTED = { kind: 'unwanted' } as const;

export function createStore<Raw extends RawObject, T>(options: StoreOptions<Raw, T>): WritableStore<Raw, T> {
  const entries = new Map<string, Entry<T>>();
  const malformed = new Map<string, string | undefined>();
  const listeners = new Set<Listener<T>>();
  /** The same array until something changes, so that what was worked out from it can be kept with it. */
  let listed: readonly T[] | null = null;

  function notify(changes: readonly Change<T>[]): void {
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
      return { kind: 'parsed', entry: known };
    try {
      const object = options.transform(raw);
      if (object === null) return UNWANTED;
      return { kind: 'parsed', entry: { object, uid, resourceVersion } };
    } catch (error) {
      // Copied, because the rest of the metadata can be most of the object.
      const metadata = { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) };
      return {
        kind: 'malformed',
        error,
        metadata: { ...metadata, ...(resourceVersion ? { resourceVersion } : {}) },
      };
    }
  }

  /** The key of the object. By the type all have a name, but the wire does not guarantee it. */
  function named(raw: Raw): string | undefined {
    if (typeof (raw as Partial<RawObject> | null)?.metadata?.name === 'string') return keyOf(raw);
    options.onMalformed('', new TypeError('an object without metadata.name'), {});
    return undefined;
  }

  function accept(key: string, reading: Reading<T>): readonly Change<T>[] {
    switch (reading.kind) {
      case 'parsed':
        malformed.delete(key);
        return keep(key, reading.entry);
      case 'unwanted':
        malformed.delete(key);
        return drop(key);
      case 'malformed':
        noteMalformed(key, reading.error, reading.metadata);
        // Not kept in its last good state: acting on data known to be outdated is worse. `malformedKeys` distinguishes
        // this from a deletion.
        return drop(key);
      default:
        return reading satisfies never;
    }
  }

  /** Reports each version only once, although every list contains it again. */
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
    listed = null;
    const { object } = entry;
    if (!old) return [{ kind: 'added', key, object }];
    if (old.uid === entry.uid) return [{ kind: 'modified', key, object, old: old.object }];
    // Deleted and re-created while disconnected: two changes, not one.
    return [
      { kind: 'deleted', key, object: old.object },
      { kind: 'added', key, object },
    ];
  }

  function drop(key: string): readonly Change<T>[] {
    const entry = entries.get(key);
    listed = null;
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
        // The caller may hold the list for longer.
        readings.clear();
        notify(changes);
      },
      get size() {
        return readings.size;
      },
    };
  }

  return {
    get: (key) => entries.get(key)?.object,
    list: () => (listed ??= [...entries.values()].map((entry) => entry.object)),
    keys: () => [...entries.keys()],
    malformedKeys: () => [...malformed.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    put(raw) {
      const key = named(raw);
      if (key !== undefined) notify(accept(key, read(raw, entries.get(key))));
    },
    remove(raw) {
      const key = named(raw);
      if (key === undefined) return;
      malformed.delete(key);
      notify(drop(key));
    },
    stage,
  };
}
