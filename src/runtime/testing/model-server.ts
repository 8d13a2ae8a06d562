/** An in-memory server with the faults of a real one; a reflector's store must end up equal to it. */
import type { ListWatch, RawObject, WatchEvent } from '../reflector/list-watch.ts';

export interface ModelObject extends RawObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly value: string;
}

/** Whether the server streams lists. One that does not either refuses the request, or ignores the option and sends changes only. */
export type StreamsLists = 'yes' | 'refused' | 'ignored';

/** How the open watches fail, or the next request where none is open. Numbers are HTTP codes; 0 is a reset. */
export type Fault = 'end' | 'garbage' | 0 | 403 | 410 | 429 | 500 | 503;

export interface ModelServer {
  readonly source: ListWatch<ModelObject>;
  readonly objects: ReadonlyMap<string, ModelObject>;
  /** Everything that ever existed, as "name uid version value". */
  readonly ever: ReadonlySet<string>;
  /** Versions from which watches were opened. */
  readonly watchedFrom: readonly number[];
  put(name: string, value: string): void;
  remove(name: string): void;
  fail(fault: Fault): void;
  /** Sends a past event once more: 0 is the last one, 1 the one before it, and so on. */
  repeat(ago: number): void;
  /** A bookmark on every open watch; the real server sends one about once a minute. */
  bookmark(): void;
  /** While stalled nothing is sent, as on a dead connection. */
  stall(isStalled: boolean): void;
  /** Drops the history: watches from older versions fail with 410. */
  compact(): void;
  streamsLists(how: StreamsLists): void;
}

export const identify = ({ metadata, value }: ModelObject): string =>
  `${metadata.name} ${metadata.uid} ${metadata.resourceVersion} ${value}`;

const PAGE = 2;

interface OpenWatch {
  /** The version up to which events were sent. */
  at: number;
  fault: Fault | undefined;
  /** Events to send once more. */
  readonly repeated: WatchEvent<ModelObject>[];
}

export function createModelServer(): ModelServer {
  let objects = new Map<string, ModelObject>();
  let version = 10;
  let compactedAt = version;
  let history: { readonly version: number; readonly event: WatchEvent<ModelObject> }[] = [];
  let uids = 0;
  let stalled = false;
  let streams: StreamsLists = 'yes';
  let pending: Fault | undefined;
  const ever = new Set<string>();
  const watchedFrom: number[] = [];
  const watches = new Set<OpenWatch>();
  let woken = Promise.withResolvers<void>();
  const wake = (): void => {
    woken.resolve();
    woken = Promise.withResolvers();
  };

  const raise = (fault: Fault | 422): never => {
    if (fault === 'end' || fault === 'garbage') throw new SyntaxError('not an answer');
    throw Object.assign(new Error(`code ${fault}`), {
      code: fault,
      ...(fault === 429 ? { retryAfterMs: 3_000 } : {}),
    });
  };
  const maybeFail = (): void => {
    const fault = pending;
    pending = undefined;
    if (fault !== undefined) raise(fault);
  };
  const isHeld = (): boolean => stalled;
  const untilSent = async (signal: AbortSignal): Promise<void> => {
    while (isHeld() && !signal.aborted) await Promise.race([woken.promise, aborted(signal)]);
    signal.throwIfAborted();
  };

  function record(kind: 'added' | 'modified' | 'deleted', name: string, uid: string, value: string): void {
    const object = { metadata: { name, uid, resourceVersion: String(++version) }, value };
    history.push({ version, event: { kind, object } });
    objects = new Map(objects);
    if (kind === 'deleted') objects.delete(name);
    else objects.set(name, object);
    ever.add(identify(object));
    wake();
  }

  async function* follow(after: number, signal: AbortSignal): AsyncGenerator<WatchEvent<ModelObject>> {
    const watch: OpenWatch = { at: after, fault: undefined, repeated: [] };
    watches.add(watch);
    try {
      for (;;) {
        await untilSent(signal);
        if (watch.fault === 'end') return;
        if (watch.fault !== undefined) raise(watch.fault);
        if (watch.at < compactedAt) raise(410);
        const repeated = watch.repeated.shift();
        const next = repeated ? undefined : history.find((entry) => entry.version > watch.at);
        if (next) watch.at = next.version;
        const event = repeated ?? next?.event;
        if (event) yield event;
        else await Promise.race([woken.promise, aborted(signal)]);
      }
    } finally {
      watches.delete(watch);
    }
  }

  const source: ListWatch<ModelObject> = {
    what: 'things',
    async list({ continue: next, signal }) {
      await untilSent(signal);
      maybeFail();
      const [at = version, from = 0] = next?.split('/').map(Number) ?? [];
      // Like the real server: no more pages of a list whose version was compacted.
      if (at < compactedAt) raise(410);
      const all = [...(snapshots.get(at) ?? objects).values()];
      snapshots.set(at, snapshots.get(at) ?? objects);
      const items = all.slice(from, from + PAGE);
      const more = from + PAGE < all.length ? { continue: `${at}/${from + PAGE}` } : {};
      return { items, resourceVersion: String(at), ...more };
    },
    async *watch({ resourceVersion, signal, onOpen }) {
      const from = Number(resourceVersion);
      watchedFrom.push(from);
      await untilSent(signal);
      maybeFail();
      // Both forms: an error before the stream is opened, and one inside it.
      if (from % 2 === 1) onOpen?.();
      if (from < compactedAt) raise(410);
      if (from % 2 === 0) onOpen?.();
      yield* follow(from, signal);
    },
    async *watchList({ signal, onOpen }) {
      await untilSent(signal);
      maybeFail();
      if (streams === 'refused') raise(422);
      onOpen?.();
      const at = version;
      if (streams === 'yes') {
        for (const object of objects.values()) {
          await untilSent(signal);
          yield { kind: 'added', object };
        }
        maybeFail();
        if (at < compactedAt) raise(410);
        // Changes made before the list is complete may be sent before its end.
        for (const { version: later, event } of history) if (later > at) yield event;
        yield { kind: 'listed', resourceVersion: String(version) };
        yield* follow(version, signal);
      } else yield* follow(at, signal);
    },
  };
  const snapshots = new Map<number, Map<string, ModelObject>>();

  return {
    source,
    get objects() {
      return objects;
    },
    ever,
    watchedFrom,
    put(name, value) {
      const old = objects.get(name);
      record(old ? 'modified' : 'added', name, old?.metadata.uid ?? `uid-${++uids}`, value);
    },
    remove(name) {
      const old = objects.get(name);
      if (old) record('deleted', name, old.metadata.uid, old.value);
    },
    fail(fault) {
      if (watches.size === 0) pending = fault;
      for (const watch of watches) watch.fault = fault;
      wake();
    },
    repeat(ago) {
      for (const watch of watches) {
        const past = history.findLast((entry) => entry.version <= watch.at - ago);
        if (past) watch.repeated.push(past.event);
      }
      wake();
    },
    bookmark() {
      for (const watch of watches)
        watch.repeated.push({ kind: 'bookmark', resourceVersion: String(watch.at) });
      wake();
    },
    stall(isStalled) {
      stalled = isStalled;
      wake();
    },
    compact() {
      compactedAt = version;
      history = [];
    },
    streamsLists(how) {
      streams = how;
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
