/** A reflector in front of a server whose answers are controlled by the test. */
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import type { ListWatch, RawObject, WatchEvent, WatchRequest } from '../reflector/list-watch.ts';
import { createReflector } from '../reflector/reflector.ts';
import { createFakeClock } from './fake-clock.ts';

export interface Thing extends RawObject {
  readonly value?: string;
}

export const thing = (name: string, resourceVersion: number, value = '', uid = `uid-${name}`): Thing => ({
  metadata: { name, uid, resourceVersion: String(resourceVersion) },
  value,
});
export const added = (object: Thing): WatchEvent<Thing> => ({ kind: 'added', object });
export const modified = (object: Thing): WatchEvent<Thing> => ({ kind: 'modified', object });
export const deleted = (object: Thing): WatchEvent<Thing> => ({ kind: 'deleted', object });
export const failure = (code: number, retryAfterMs?: number): Error =>
  Object.assign(new Error(`code ${code}`), { code, retryAfterMs });

/** A server whose answers are controlled by the test. */
export function controlledReflector(random = 0.5, streamsLists = false, withoutBookmarks = false) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  let objects: readonly Thing[] = [];
  let version = 1;
  let listFails: Error | undefined;
  let streamFails: Error | undefined;
  const lists: string[] = [];
  const read: string[] = [];
  const watches: {
    readonly from: string;
    readonly timeoutSeconds: number;
    send(event: WatchEvent<Thing>): void;
    end(error?: Error): void;
    isOpen: boolean;
  }[] = [];

  async function* open(from: string, { timeoutSeconds, signal, onOpen }: WatchRequest) {
    const queue: WatchEvent<Thing>[] = [];
    let end: { readonly error?: Error | undefined } | undefined;
    let wake = Promise.withResolvers<void>();
    const watch = {
      from,
      timeoutSeconds,
      isOpen: true,
      send(event: WatchEvent<Thing>) {
        queue.push(event);
        wake.resolve();
      },
      end(error?: Error) {
        end = { error };
        wake.resolve();
      },
    };
    watches.push(watch);
    if (streamFails && from === '') throw streamFails;
    signal.addEventListener('abort', () => watch.end(signal.reason as Error));
    onOpen?.();
    try {
      for (;;) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event;
        if (end?.error) throw end.error;
        if (end) return;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      watch.isOpen = false;
    }
  }
  const source: ListWatch<Thing> = {
    what: 'things',
    withoutBookmarks,
    list({ continue: next }) {
      lists.push(next ?? '');
      if (listFails) return Promise.reject(listFails);
      return Promise.resolve({ items: objects, resourceVersion: String(version) });
    },
    watch: ({ resourceVersion, ...request }) => open(resourceVersion, request),
    ...(streamsLists ? { watchList: (request: WatchRequest) => open('', request) } : {}),
  };
  const malformed: string[] = [];
  const reflector = createReflector<Thing, string>({
    source,
    transform: ({ metadata, value = '' }) => {
      read.push(metadata.name);
      if (value === 'bad') throw new TypeError('bad');
      return value === 'skip' ? null : value;
    },
    onMalformed: (key) => malformed.push(key),
    logger: silentLogger,
    metrics,
    clock,
    random: () => random,
  });
  const changes: string[] = [];
  reflector.onChange(({ kind, key, object }) => changes.push(`${kind} ${key} ${object}`.trim()));
  const stop = new AbortController();
  return {
    clock,
    reflector,
    changes,
    malformed,
    lists,
    read,
    watches,
    stop,
    has: (next: readonly Thing[], at: number): void => {
      objects = next;
      version = at;
    },
    failLists: (error?: Error): void => {
      listFails = error;
    },
    failStreams: (error?: Error): void => {
      streamFails = error;
    },
    start(): Promise<void> {
      const loop = reflector.start(stop.signal);
      return loop;
    },
    last: () => {
      const watch = watches.at(-1);
      if (!watch) throw new Error('no watch was opened');
      return watch;
    },
  };
}

export async function runningReflector(random?: number, { withoutBookmarks = false } = {}) {
  const all = controlledReflector(random, false, withoutBookmarks);
  all.has([thing('a', 5, 'one')], 10);
  void all.start();
  await all.clock.settle();
  return all;
}

/** With a server that streams lists and has not sent anything yet. */
export async function streamingReflector(random?: number) {
  const all = controlledReflector(random, true);
  void all.start();
  await all.clock.settle();
  return all;
}
export const listed = (version: number): WatchEvent<Thing> => ({
  kind: 'listed',
  resourceVersion: String(version),
});
