/** Keeps a store equal to what the API server has, by listing and watching for ever. */
import { fullJitter } from './backoff.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { expiresAfter, linkedAbort } from './deadline.ts';
import type { ListWatch, RawObject, WatchEvent } from './list-watch.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { isWedged, LIST_LIMIT_MS, type ReflectorState, SILENCE_LIMIT_MS } from './reflector-state.ts';
import { failureOf, isOlder, type SourceFailure } from './source-failure.ts';
import { createStore, type Store } from './store.ts';

const PAGE_SIZE = 500;
const BACKOFF_BASE_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/**
 * Longest back-off while nothing answers at all. A refused connection costs the server nothing, and the thirty
 * seconds that spare a busy server would leave us blind for as long after a short restart.
 */
const UNREACHABLE_MAX_MS = 2_000;
/** A stream that lived this long was healthy, even if nothing happened on it. */
const HEALTHY_STREAM_MS = 60_000;
/** So many lists in a row with an older version are believed: etcd was restored from a backup. */
const BELIEVE_OLDER_AFTER = 3;
/** After so many failures from one version the next attempt is a list: the version itself may be what fails. */
const RELIST_AFTER = 5;

export interface ReflectorOptions<Raw extends RawObject, T> {
  readonly source: ListWatch<Raw>;
  /** Keeps only what is read later; null leaves the object out; throwing calls it malformed. */
  readonly transform: (raw: Raw) => T | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** An object could not be understood; it is logged and counted already. */
  readonly onMalformed?: (key: string, error: unknown, raw: Raw) => void;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface Reflector<T> extends Store<T> {
  readonly name: string;
  /** Resolves when the first list is in the store. Never rejects: there is no failure that ends the attempts. */
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

export function createReflector<Raw extends RawObject, T>(options: ReflectorOptions<Raw, T>): Reflector<T> {
  const { source, metrics, clock = systemClock, random = Math.random } = options;
  const name = source.what;
  const logger = options.logger.child({ reflector: name });
  const store = createStore<Raw, T>({
    transform: options.transform,
    onMalformed(key, error, raw) {
      metrics.malformedObjects.inc({ resource: name });
      logger.error('object could not be understood, it is left out', { key, error });
      options.onMalformed?.(key, error, raw);
    },
    onListenerError: (error) => logger.error('listener failed', { error }),
  });
  const synced = Promise.withResolvers<void>();
  let isSynced = false;
  let lastContactAt: number | undefined;
  let expiredBefore = false;
  let lastError: string | undefined;
  let state: ReflectorState = { kind: 'idle' };

  /** Where the next watch begins; undefined asks for a list first. */
  let version: string | undefined;
  let newestVersion: string | undefined;
  let olderLists = 0;
  let failures = 0;
  let wasUnreachable = false;

  metrics.watchRestarts.inc({ resource: name }, 0);
  metrics.watchFailures.inc({ resource: name }, 0);
  metrics.malformedObjects.inc({ resource: name }, 0);

  const contact = (): void => {
    lastContactAt = clock.now();
    if (state.kind === 'watching') state = { ...state, heardMs: clock.monotonic() };
    metrics.lastContact.set({ resource: name }, lastContactAt / 1000);
  };

  async function list(signal: AbortSignal): Promise<void> {
    state = { kind: 'listing', sinceMs: clock.monotonic() };
    const scope = linkedAbort(signal);
    const limit = expiresAfter(clock, LIST_LIMIT_MS, scope, `the list of ${name} took too long`);
    try {
      const staged = store.stage();
      let page = await source.list({ limit: PAGE_SIZE, signal: scope.signal });
      for (const item of page.items) staged.add(item);
      while (page.continue) {
        page = await source.list({ limit: PAGE_SIZE, continue: page.continue, signal: scope.signal });
        for (const item of page.items) staged.add(item);
      }
      contact();
      if (isOlder(page.resourceVersion, newestVersion) && ++olderLists < BELIEVE_OLDER_AFTER)
        throw new Error(`the list is older (${page.resourceVersion}) than what is known (${newestVersion})`);
      olderLists = 0;
      // Nothing is applied before all pages are there: half a list would tell the other half as deleted.
      staged.commit();
      version = page.resourceVersion;
      newestVersion = page.resourceVersion;
      recovered();
      if (!isSynced) {
        isSynced = true;
        logger.info('synced', { objects: store.keys().length, resourceVersion: version });
        synced.resolve();
      }
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  function recovered(): void {
    if (lastError !== undefined) logger.info('recovered', { after: lastError });
    lastError = undefined;
  }

  async function watch(from: string, signal: AbortSignal): Promise<void> {
    const opened = clock.monotonic();
    state = { kind: 'watching', sinceMs: opened, heardMs: opened };
    metrics.watchRestarts.inc({ resource: name });
    const scope = linkedAbort(signal);
    const silence = expiresAfter(clock, SILENCE_LIMIT_MS, scope, `the watch of ${name} has been silent`);
    let heard = false;
    const wasHealthy = (): boolean => heard || clock.monotonic() - opened >= HEALTHY_STREAM_MS;
    try {
      const events = source.watch({
        resourceVersion: from,
        // Random, so that many watches do not end together; the server would choose 30 to 60 minutes.
        timeoutSeconds: 240 + Math.floor(random() * 61),
        signal: scope.signal,
        onOpen() {
          contact();
          recovered();
          silence.restart();
        },
      });
      for await (const event of events) {
        if (scope.signal.aborted) break;
        contact();
        silence.restart();
        apply(event);
        heard = true;
      }
      if (!signal.aborted && scope.signal.aborted) throw scope.signal.reason;
      // Not a plain return: a server that closes each watch at once would be asked again without a pause.
      if (!signal.aborted && !wasHealthy()) throw new Error('the watch was closed at once');
    } finally {
      silence.cancel();
      scope.release();
      // Only here, not when the watch opens: what opens and fails again and again must be asked less and less.
      if (wasHealthy()) {
        failures = 0;
        expiredBefore = false;
      }
    }
  }

  function apply(event: WatchEvent<Raw>): void {
    const next = event.kind === 'bookmark' ? event.resourceVersion : event.object.metadata?.resourceVersion;
    // A repeated or late event must not bring an old object back.
    if (next !== undefined && isOlder(next, version)) return;
    if (event.kind === 'deleted') store.remove(event.object);
    else if (event.kind !== 'bookmark') store.put(event.object);
    if (next) version = next;
    newestVersion = version;
  }

  async function recover(failure: SourceFailure, signal: AbortSignal): Promise<void> {
    metrics.watchFailures.inc({ resource: name });
    // Each kind has its own back-off: a server that comes back refuses for a second or two while it starts, and
    // must not be met with the patience that its absence has built up.
    if (failure.unreachable !== wasUnreachable) failures = 0;
    wasUnreachable = failure.unreachable;
    failures++;
    if (failure.expired || (!failure.unreachable && failures % RELIST_AFTER === 0)) version = undefined;
    if (failure.expired && !expiredBefore) {
      // The first relist is due at once; a server to which every version is gone is another matter.
      expiredBefore = true;
      logger.info('resourceVersion expired, listing again');
      return;
    }
    lastError = failure.message;
    const maxMs = failure.unreachable ? UNREACHABLE_MAX_MS : BACKOFF_MAX_MS;
    const jitter = fullJitter(failures, { baseMs: BACKOFF_BASE_MS, maxMs, random });
    const waitMs = Math.round(Math.max(jitter, failure.retryAfterMs ?? 0));
    logger.warn('list or watch failed, trying again', { error: failure.error, failures, waitMs });
    state = { kind: 'waiting', sinceMs: clock.monotonic(), waitMs, reason: failure.message };
    await sleep(clock, waitMs, signal);
  }

  async function start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (version === undefined) await list(signal);
        if (version !== undefined && !signal.aborted) await watch(version, signal);
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
