/** A controller as data: what it watches, which keys a change concerns, and how a key is reconciled. */
import type { Reflector, Watched } from './reflector/reflector.ts';
import type { Change, Store } from './reflector/store.ts';
import type { Result } from './work-queue.ts';

export interface Controller<K extends string = string> {
  /** Part of every log line and metric. */
  readonly name: string;
  readonly watches: readonly Watch<K>[];
  /** Reads the current state, never the event that led here; must be idempotent. A throw is retried with back-off. */
  reconcile(key: K, signal: AbortSignal): Promise<Result>;
  /** How many keys are reconciled at a time. @default 1 */
  readonly concurrency?: number;
  /** First and longest back-off of a failing key. @default 500 and 300_000 */
  readonly backoff?: { readonly baseMs: number; readonly maxMs: number };
}

/** One row of a controller's table. The object type is hidden, so that rows of different types fit into one array. */
export interface Watch<K extends string> {
  /** What has to be started and synced first; a source that is filled within the process has none. */
  readonly reflector?: Watched;
  /** Calls `add` for everything that is known now, and for every change from now on. Returns how to stop. */
  follow(add: (key: K, priority: number) => void): () => void;
}

/** A part of a reflector. */
export interface Derived<T> extends Pick<Store<T>, 'get' | 'keys' | 'onChange'> {
  /** What has to be started and synced for it. */
  readonly origin: Watched;
}

/** A reflector, a part of one, or another store that says when it changes. */
export type Source<T> = Reflector<T> | Derived<T> | Pick<Store<T>, 'get' | 'keys' | 'onChange'>;

/**
 * @example
 * watches: [
 *   watch(remediations, (change) => [change.key]),
 *   watch(jobs, (change) => change.object.remediation ?? [], 5),
 * ]
 */
export function watch<T, K extends string>(
  source: Source<T>,
  keys: (change: Change<T>) => K | readonly K[],
  priority = 0,
): Watch<K> {
  return {
    ...('start' in source ? { reflector: source } : 'origin' in source ? { reflector: source.origin } : {}),
    follow(add) {
      const enqueue = (change: Change<T>): void => {
        const found = keys(change);
        for (const key of typeof found === 'string' ? [found] : found) add(key, priority);
      };
      const stop = source.onChange(enqueue);
      for (const key of source.keys()) {
        const object = source.get(key);
        if (object !== undefined) enqueue({ kind: 'added', key, object });
      }
      return stop;
    },
  };
}
