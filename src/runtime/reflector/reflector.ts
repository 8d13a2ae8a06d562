/** Keeps a store equal to the API server: lists once, then watches, and recovers from every failure. */
import { type Clock, sleep, systemClock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { ListWatch, RawObject, WatchEvent } from './list-watch.ts';
import { createLister, type OpenWatch } from './lister.ts';
import { SILENCE_LIMIT_MS } from './reflector-state.ts';
import { createReflectorStatus, type ReflectorStatus } from './reflector-status.ts';
import { createRetryPolicy } from './retry-policy.ts';
import { failureOf, type SourceFailure } from './source-failure.ts';
import { createStore, type OnMalformed, type StagedList, type Store } from './store.ts';
import { createVersionCursor } from './version-cursor.ts';
import { openWatchStream, type WatchStream } from './watch-stream.ts';

/** A stream that lasted this long was healthy, even if nothing happened on it. */
const HEALTHY_STREAM_MS = 60_000;
const WATCH_SECONDS = 240;
/** With what is added at random, it ends before it counts as dead. */
const WATCH_SECONDS_WITHOUT_BOOKMARKS = 80;

interface ReflectorOptions<Raw extends RawObject, T> {
  readonly source: ListWatch<Raw>;
  /** Keeps only the fields that are used; null leaves the object out; a throw marks it as malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called for a malformed object, after it was logged and counted. */
  readonly onMalformed?: OnMalformed;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Reflector<T> extends Store<T>, ReflectorStatus {
  readonly name: string;
  /** Runs until the signal aborts; resolves when the loop has ended. Call it once. */
  start(signal: AbortSignal): Promise<void>;
}

/** A reflector without its object type: what is needed to start and check it. */
export type Watched = Pick<
  Reflector<unknown>,
  'name' | 'start' | 'synced' | 'isSynced' | 'wedged' | 'lastError' | 'lastContactAt' | 'state'
>;

export function createReflector<Raw extends RawObject, T>(options: ReflectorOptions<Raw, T>): Reflector<T> {
  const { source, metrics, clock = systemClock, random = Math.random } = options;
  const name = source.what;
  const logger = options.logger.child({ reflector: name });
  const store = createStore<Raw, T>({
    transform: options.transform,
    onMalformed(key, error, metadata) {
      metrics.malformedObjects.inc({ resource: name });
      logger.error('malformed object ignored', { key, error });
      options.onMalformed?.(key, error, metadata);
    },
    onListenerError: (error) => logger.error('listener failed', { error }),
  });
  const status = createReflectorStatus({ name, clock, logger, metrics });
  const cursor = createVersionCursor();
  const retries = createRetryPolicy(random);
  const lister = createLister<Raw>({
    source,
    clock,
    logger,
    startList,
    commit,
    onContact: status.contact,
    openStream,
  });

  for (const counter of [
    metrics.lists,
    metrics.watchRestarts,
    metrics.watchFailures,
    metrics.malformedObjects,
  ])
    counter.inc({ resource: name }, 0);

  async function start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { from } = cursor;
        const stream = from === undefined ? await lister.list(signal) : openWatch(from, signal);
        // A streamed list continues as the watch: no second request, and no change can be missed in between.
        if (stream) await follow(stream, signal);
      } catch (error) {
        if (!signal.aborted) await recover(failureOf(error), signal);
      }
    }
    status.enter({ kind: 'stopped' });
  }

  function startList(): StagedList<Raw> {
    status.enter({ kind: 'listing', sinceMs: clock.monotonic() });
    metrics.lists.inc({ resource: name });
    return store.stage({ trustVersions: !cursor.isDoubted });
  }

  function commit(everything: StagedList<Raw>, version: string): void {
    cursor.listed(version);
    const objects = everything.size;
    everything.commit();
    status.recovered();
    status.becameSynced({ objects, resourceVersion: version });
  }

  function openWatch(version: string, signal: AbortSignal): WatchStream<Raw> {
    const open: OpenWatch<Raw> = (request) => source.watch({ ...request, resourceVersion: version });
    return openStream(open, signal, { onOpen: status.recovered });
  }

  function openStream(
    open: OpenWatch<Raw>,
    signal: AbortSignal,
    limits: { readonly onOpen: () => void; readonly listWithinMs?: number },
  ): WatchStream<Raw> {
    metrics.watchRestarts.inc({ resource: name });
    const watchSeconds = source.withoutBookmarks ? WATCH_SECONDS_WITHOUT_BOOKMARKS : WATCH_SECONDS;
    const common = { what: name, watchSeconds, silenceMs: SILENCE_LIMIT_MS, onContact: status.contact };
    return openWatchStream({ open, signal, clock, random, ...common, ...limits });
  }

  async function follow(stream: WatchStream<Raw>, signal: AbortSignal): Promise<void> {
    const opened = clock.monotonic();
    status.enter({ kind: 'watching', sinceMs: opened, heardMs: opened });
    let heard = false;
    const wasHealthy = (): boolean => heard || clock.monotonic() - opened >= HEALTHY_STREAM_MS;
    try {
      for (let event = await stream.next(); event; event = await stream.next()) {
        apply(event);
        heard = true;
      }
      // Not a plain return: a server that closes each watch immediately would be called again without a pause.
      if (!signal.aborted && !wasHealthy()) throw new Error('the watch was closed immediately');
    } finally {
      // Only here and not when the watch opens: one that opens and then fails, again and again, must be backed off.
      if (wasHealthy()) retries.restore();
      await stream.close();
    }
  }

  function apply(event: WatchEvent<Raw>): void {
    if (event.kind === 'bookmark' || event.kind === 'listed') {
      cursor.reached(event.resourceVersion);
      return;
    }
    if (!cursor.reached(event.object.metadata?.resourceVersion)) return;
    if (event.kind === 'deleted') store.remove(event.object);
    else store.put(event.object);
  }

  async function recover(failure: SourceFailure, signal: AbortSignal): Promise<void> {
    metrics.watchFailures.inc({ resource: name });
    const { waitMs, relist, failures } = retries.after(failure);
    if (relist) cursor.expire();
    if (waitMs === 0 && failure.expired) {
      logger.info('resourceVersion expired, listing again');
      return;
    }
    status.failed(failure.message);
    logger.warn('list or watch failed, retrying', { error: failure.error, failures, waitMs });
    status.enter({ kind: 'waiting', sinceMs: clock.monotonic(), waitMs, reason: failure.message });
    await sleep(clock, waitMs, signal);
  }

  return {
    name,
    get: (key) => store.get(key),
    list: () => store.list(),
    keys: () => store.keys(),
    malformedKeys: () => store.malformedKeys(),
    onChange: (listener) => store.onChange(listener),
    synced: status.synced,
    get isSynced() {
      return status.isSynced;
    },
    get lastContactAt() {
      return status.lastContactAt;
    },
    get lastError() {
      return status.lastError;
    },
    get state() {
      return status.state;
    },
    get wedged() {
      return status.wedged;
    },
    start,
  };
}
