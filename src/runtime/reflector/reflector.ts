/** Keeps a store equal to what the API server has, by listing and watching for ever. */
import { type Clock, sleep, systemClock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { ListWatch, RawObject, WatchEvent, WatchRequest } from './list-watch.ts';
import { isWedged, LIST_LIMIT_MS, type ReflectorState, SILENCE_LIMIT_MS } from './reflector-state.ts';
import { createRetryPolicy } from './retry-policy.ts';
import { failureOf, type SourceFailure } from './source-failure.ts';
import { createStore, type OnMalformed, type StagedList, type Store } from './store.ts';
import { createVersionCursor } from './version-cursor.ts';
import { openWatchStream, type WatchStream } from './watch-stream.ts';

/** Of nodes in use a page of this size is two megabytes of text, and parsing it must not block for long. */
const PAGE_SIZE = 200;
/** A stream that lived this long was healthy, even if nothing happened on it. */
const HEALTHY_STREAM_MS = 60_000;
/** A server that streams lists does not pause for this long in the middle of one; one that only ignores the wish does. */
const LISTED_SILENCE_MS = 10_000;
/** So long pages are read where streaming was refused: the server may have been upgraded meanwhile. */
const PAGES_FOR_MS = 600_000;

export interface ReflectorOptions<Raw extends RawObject, T> {
  readonly source: ListWatch<Raw>;
  /** Keeps only what is read later; null leaves the object out; throwing calls it malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** An object could not be understood; it is logged and counted already. */
  readonly onMalformed?: OnMalformed;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Reflector<T> extends Store<T> {
  readonly name: string;
  /** Resolves when everything that exists is in the store. Never rejects: there is no failure that ends the attempts. */
  readonly synced: Promise<void>;
  readonly isSynced: boolean;
  /** When the server last answered a list, opened a watch or sent something, in epoch milliseconds. */
  readonly lastContactAt: number | undefined;
  /** Of the last failure, until the next success: for the readiness probe and for a person. */
  readonly lastError: string | undefined;
  readonly state: ReflectorState;
  /** The loop is stuck, which is another thing than a server that does not answer. For the liveness probe. */
  readonly wedged: boolean;
  /** Runs until the signal aborts; the promise resolves when the loop has ended. Call it once. */
  start(signal: AbortSignal): Promise<void>;
}

/** The stream ended or fell silent before it had told everything. */
class NotListedError extends Error {
  override readonly name = 'NotListedError';
}

export function createReflector<Raw extends RawObject, T>(options: ReflectorOptions<Raw, T>): Reflector<T> {
  const { source, metrics, clock = systemClock, random = Math.random } = options;
  const name = source.what;
  const logger = options.logger.child({ reflector: name });
  const store = createStore<Raw, T>({
    transform: options.transform,
    onMalformed(key, error, metadata) {
      metrics.malformedObjects.inc({ resource: name });
      logger.error('object could not be understood, it is left out', { key, error });
      options.onMalformed?.(key, error, metadata);
    },
    onListenerError: (error) => logger.error('listener failed', { error }),
  });
  const synced = Promise.withResolvers<void>();
  const cursor = createVersionCursor();
  const retries = createRetryPolicy(random);
  let isSynced = false;
  let lastContactAt: number | undefined;
  let lastError: string | undefined;
  let state: ReflectorState = { kind: 'idle' };
  let pagesUntilMs = Number.NEGATIVE_INFINITY;

  for (const counter of [
    metrics.lists,
    metrics.watchRestarts,
    metrics.watchFailures,
    metrics.malformedObjects,
  ])
    counter.inc({ resource: name }, 0);

  const contact = (): void => {
    lastContactAt = clock.now();
    if (state.kind === 'watching') state = { ...state, heardMs: clock.monotonic() };
    metrics.lastContact.set({ resource: name }, lastContactAt / 1000);
  };

  /** Nothing is applied before everything is there: half a list would tell the other half as deleted. */
  const startList = (): StagedList<Raw> => {
    state = { kind: 'listing', sinceMs: clock.monotonic() };
    metrics.lists.inc({ resource: name });
    return store.stage({ trustVersions: !cursor.isDoubted });
  };

  function commit(everything: StagedList<Raw>, version: string): void {
    cursor.listed(version);
    const objects = everything.size;
    everything.commit();
    recovered();
    if (isSynced) return;
    isSynced = true;
    logger.info('synced', { objects, resourceVersion: version });
    synced.resolve();
  }

  function recovered(): void {
    if (lastError !== undefined) logger.info('recovered', { after: lastError });
    lastError = undefined;
  }

  async function relist(signal: AbortSignal): Promise<void> {
    const open = source.watchList?.bind(source);
    if (!open || clock.monotonic() < pagesUntilMs) {
      await readPages(signal);
      return;
    }
    try {
      await streamEverything(open, signal);
    } catch (error) {
      const cannot = error instanceof NotListedError || failureOf(error).unsupported;
      if (!cannot || cursor.from !== undefined || signal.aborted) throw error;
      pagesUntilMs = clock.monotonic() + PAGES_FOR_MS;
      logger.info('the server does not stream lists, reading pages', { error });
      await readPages(signal);
    }
  }

  async function readPages(signal: AbortSignal): Promise<void> {
    const everything = startList();
    const scope = linkedAbort(signal);
    const limit = expiresAfter(clock, LIST_LIMIT_MS, scope, `the list of ${name} took too long`);
    try {
      let next: string | undefined;
      do {
        const after = next === undefined ? {} : { continue: next };
        const page = await source.list({ limit: PAGE_SIZE, ...after, signal: scope.signal });
        contact();
        for (const raw of page.items) everything.add(raw);
        next = page.continue;
        if (next === undefined) commit(everything, page.resourceVersion);
      } while (next !== undefined);
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  async function streamEverything(
    open: NonNullable<typeof source.watchList>,
    signal: AbortSignal,
  ): Promise<void> {
    const everything = startList();
    const scope = linkedAbort(signal);
    const limit = expiresAfter(clock, LIST_LIMIT_MS, scope, `the list of ${name} took too long`);
    const stream = openStream(open, scope.signal, () => stream.allowSilence(LISTED_SILENCE_MS));
    try {
      commit(everything, await readUntilListed(stream, everything));
      limit.cancel();
      stream.allowSilence(SILENCE_LIMIT_MS);
      // The stream goes on as the watch: no second request, and nothing can happen in between.
      await applyAll(stream, signal);
    } finally {
      limit.cancel();
      scope.release();
      await stream.close();
    }
  }

  /** @returns the version of the list */
  async function readUntilListed(stream: WatchStream<Raw>, everything: StagedList<Raw>): Promise<string> {
    try {
      for (let event = await stream.next(); event; event = await stream.next()) {
        if (event.kind === 'listed') return event.resourceVersion;
        if (event.kind === 'deleted') everything.remove(event.object);
        else if (event.kind !== 'bookmark') everything.add(event.object);
      }
    } catch (error) {
      if (stream.fellSilent) throw new NotListedError(`the stream of ${name} fell silent`, { cause: error });
      throw error;
    }
    throw new NotListedError(`the stream of ${name} ended before its list did`);
  }

  async function watchFrom(version: string, signal: AbortSignal): Promise<void> {
    const open = (request: WatchRequest): AsyncIterable<WatchEvent<Raw>> =>
      source.watch({ ...request, resourceVersion: version });
    const stream = openStream(open, signal, recovered);
    try {
      await applyAll(stream, signal);
    } finally {
      await stream.close();
    }
  }

  function openStream(
    open: (request: WatchRequest) => AsyncIterable<WatchEvent<Raw>>,
    signal: AbortSignal,
    onOpen: () => void,
  ): WatchStream<Raw> {
    metrics.watchRestarts.inc({ resource: name });
    const message = `the watch of ${name} has been silent`;
    const limits = { silenceMs: SILENCE_LIMIT_MS, message };
    return openWatchStream({ open, signal, clock, random, ...limits, onOpen, onContact: contact });
  }

  async function applyAll(stream: WatchStream<Raw>, signal: AbortSignal): Promise<void> {
    const opened = clock.monotonic();
    state = { kind: 'watching', sinceMs: opened, heardMs: opened };
    let heard = false;
    const wasHealthy = (): boolean => heard || clock.monotonic() - opened >= HEALTHY_STREAM_MS;
    try {
      for (let event = await stream.next(); event; event = await stream.next()) {
        apply(event);
        heard = true;
      }
      // Not a plain return: a server that closes each watch at once would be asked again without a pause.
      if (!signal.aborted && !wasHealthy()) throw new Error('the watch was closed at once');
    } finally {
      // Only here, not when the watch opens: what opens and fails again and again must be asked less and less.
      if (wasHealthy()) retries.restore();
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
    lastError = failure.message;
    logger.warn('list or watch failed, trying again', { error: failure.error, failures, waitMs });
    state = { kind: 'waiting', sinceMs: clock.monotonic(), waitMs, reason: failure.message };
    await sleep(clock, waitMs, signal);
  }

  async function start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { from } = cursor;
        await (from === undefined ? relist(signal) : watchFrom(from, signal));
      } catch (error) {
        if (!signal.aborted) await recover(failureOf(error), signal);
      }
    }
    state = { kind: 'stopped' };
  }

  return {
    name,
    get: (key) => store.get(key),
    list: () => store.list(),
    keys: () => store.keys(),
    malformedKeys: () => store.malformedKeys(),
    onChange: (listener) => store.onChange(listener),
    synced: synced.promise,
    get isSynced() {
      return isSynced;
    },
    get lastContactAt() {
      return lastContactAt;
    },
    get lastError() {
      return lastError;
    },
    get state() {
      return state;
    },
    get wedged() {
      return isWedged(state, clock.monotonic());
    },
    start,
  };
}
