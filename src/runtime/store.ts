/** What a reflector knows: the objects by key, and who is told when one changes. */
import { keyOf, type RawObject } from './list-watch.ts';

export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly object: T }
  | { readonly kind: 'modified'; readonly key: string; readonly object: T; readonly old: T }
  /** `object` is the last state that was known. */
  | { readonly kind: 'deleted'; readonly key: string; readonly object: T };

/** Called synchronously: enqueue a key and return. */
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

export interface StoreOptions<Raw extends RawObject, T> {
  /** Keeps only what is read later; null leaves the object out; throwing calls it malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly onMalformed: (key: string, error: unknown, raw: Raw) => void;
  /** A listener threw. The others are told all the same. */
  readonly onListenerError: (error: unknown) => void;
}

export interface WritableStore<Raw extends RawObject, T> extends Store<T> {
  put(raw: Raw): void;
  remove(raw: Raw): void;
  /** Begins a list that arrives in pieces. Nothing of it is seen before `commit`. */
  stage(): StagedList<Raw>;
}

export interface StagedList<Raw extends RawObject> {
  /** Reduces the object at once: of 5,000 nodes the whole objects would be a multiple of what is kept. */
  add(raw: Raw): void;
  /** Takes the list as the whole truth: what is not in it is told as deleted. */
  commit(): void;
}

interface Entry<T> {
  readonly object: T;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

/** What is made of an object, before it is put in. */
type Reduced<Raw, T> =
  | { readonly kind: 'unchanged' | 'left out' }
  | { readonly kind: 'kept'; readonly entry: Entry<T> }
  | { readonly kind: 'malformed'; readonly error: unknown; readonly raw: Raw };

export function createStore<Raw extends RawObject, T>(options: StoreOptions<Raw, T>): WritableStore<Raw, T> {
  const entries = new Map<string, Entry<T>>();
  const malformed = new Map<string, string | undefined>();
  const listeners = new Set<Listener<T>>();

  function tell(change: Change<T>): void {
    for (const listener of listeners) {
      try {
        listener(change);
      } catch (error) {
        options.onListenerError(error);
      }
    }
  }

  function drop(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    tell({ kind: 'deleted', key, object: entry.object });
  }

  function reduce(key: string, raw: Raw): Reduced<Raw, T> {
    const { uid, resourceVersion } = raw.metadata;
    const standing = entries.get(key);
    if (standing && resourceVersion !== undefined && standing.resourceVersion === resourceVersion)
      return { kind: 'unchanged' };
    try {
      const object = options.transform(raw);
      return object === null
        ? { kind: 'left out' }
        : { kind: 'kept', entry: { object, uid, resourceVersion } };
    } catch (error) {
      return { kind: 'malformed', error, raw };
    }
  }

  function apply(key: string, reduced: Reduced<Raw, T>): void {
    if (reduced.kind === 'unchanged') return;
    const knownAsMalformed = malformed.get(key);
    malformed.delete(key);
    if (reduced.kind === 'kept') {
      keep(key, reduced.entry);
      return;
    }
    if (reduced.kind === 'malformed') {
      const { error, raw } = reduced;
      const { resourceVersion } = raw.metadata;
      malformed.set(key, resourceVersion);
      if (resourceVersion === undefined || resourceVersion !== knownAsMalformed)
        options.onMalformed(key, error, raw);
    }
    // An object that is no longer understood is dropped, not kept in its last good state: acting on what is known
    // to be out of date is the worse mistake. `malformedKeys` tells it from a deletion.
    drop(key);
  }

  function keep(key: string, entry: Entry<T>): void {
    // Deleted and created again while nobody watched: two incidents, not one change.
    if (entries.get(key)?.uid !== entry.uid) drop(key);
    const old = entries.get(key);
    const { object } = entry;
    entries.set(key, entry);
    tell(old ? { kind: 'modified', key, object, old: old.object } : { kind: 'added', key, object });
  }

  /** undefined for what cannot be kept because it has no name. */
  function keyIn(raw: Raw): string | undefined {
    if (hasName(raw)) return keyOf(raw);
    options.onMalformed('', new TypeError('an object without metadata.name'), raw);
    return undefined;
  }

  function put(raw: Raw): void {
    const key = keyIn(raw);
    if (key !== undefined) apply(key, reduce(key, raw));
  }

  function remove(raw: Raw): void {
    if (!hasName(raw)) return;
    const key = keyOf(raw);
    malformed.delete(key);
    drop(key);
  }

  function stage(): StagedList<Raw> {
    const staged = new Map<string, Reduced<Raw, T>>();
    return {
      add(raw) {
        const key = keyIn(raw);
        if (key === undefined) return;
        const reduced = reduce(key, raw);
        // What is left out is not even remembered: to the store it is the same as absent.
        if (reduced.kind !== 'left out') staged.set(key, reduced);
      },
      commit() {
        for (const key of malformed.keys()) if (!staged.has(key)) malformed.delete(key);
        for (const key of entries.keys()) if (!staged.has(key)) drop(key);
        for (const [key, reduced] of staged) apply(key, reduced);
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
    put,
    remove,
    stage,
  };
}

/** The type says so, the wire need not. */
const hasName = (raw: Partial<RawObject> | null): boolean => typeof raw?.metadata?.name === 'string';
