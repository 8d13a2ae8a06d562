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
  /** Takes the list as the whole truth: what is not in it is told as deleted. */
  replace(raws: readonly Raw[]): void;
}

interface Entry<T> {
  readonly object: T;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

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

  function put(raw: Raw): void {
    if (!hasName(raw)) {
      options.onMalformed('', new TypeError('an object without metadata.name'), raw);
      return;
    }
    const key = keyOf(raw);
    const { uid, resourceVersion } = raw.metadata;
    const standing = entries.get(key);
    if (standing && resourceVersion !== undefined && standing.resourceVersion === resourceVersion) return;
    const object = parse(key, raw);
    // An object that is no longer understood is dropped, not kept in its last good state: acting on what is known
    // to be out of date is the worse mistake. `malformedKeys` tells it from a deletion.
    if (object === null) {
      drop(key);
      return;
    }
    // Deleted and created again while nobody watched: two incidents, not one change.
    if (standing && standing.uid !== uid) drop(key);
    const old = entries.get(key);
    entries.set(key, { object, uid, resourceVersion });
    tell(old ? { kind: 'modified', key, object, old: old.object } : { kind: 'added', key, object });
  }

  function parse(key: string, raw: Raw): T | null {
    const seen = malformed.get(key);
    const known = malformed.has(key) && seen !== undefined && seen === raw.metadata.resourceVersion;
    malformed.delete(key);
    try {
      return options.transform(raw);
    } catch (error) {
      malformed.set(key, raw.metadata.resourceVersion);
      if (!known) options.onMalformed(key, error, raw);
      return null;
    }
  }

  function remove(raw: Raw): void {
    if (!hasName(raw)) return;
    const key = keyOf(raw);
    malformed.delete(key);
    drop(key);
  }

  function replace(raws: readonly Raw[]): void {
    const present = new Set(raws.filter(hasName).map(keyOf));
    for (const key of malformed.keys()) if (!present.has(key)) malformed.delete(key);
    for (const key of entries.keys()) if (!present.has(key)) drop(key);
    for (const raw of raws) put(raw);
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
    replace,
  };
}

/** The type says so, the wire need not. */
const hasName = (raw: Partial<RawObject> | null): boolean => typeof raw?.metadata?.name === 'string';
