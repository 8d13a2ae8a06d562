/** Reads everything that exists: in one stream with the watch if the server supports that, otherwise in pages. */
import type { Clock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { Logger } from '../logger.ts';
import type { ListWatch, RawObject, WatchEvent, WatchRequest } from './list-watch.ts';
import { LIST_LIMIT_MS, SILENCE_LIMIT_MS } from './reflector-state.ts';
import { failureOf } from './source-failure.ts';
import type { StagedList } from './store.ts';
import type { WatchStream } from './watch-stream.ts';

/** For nodes in use, a page of this size is two megabytes of text; parsing more would block the event loop for too long. */
const PAGE_SIZE = 200;
/** A server that streams the list never pauses for this long within it. One that ignores the option sends no list at all. */
const LISTED_SILENCE_MS = 10_000;
/** How long to use pages after streaming was refused; by then the server may have been upgraded. */
const PAGES_FOR_MS = 600_000;

export type OpenWatch<Raw> = (request: WatchRequest) => AsyncIterable<WatchEvent<Raw>>;

interface ListerOptions<Raw extends RawObject> {
  readonly source: ListWatch<Raw>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly startList: () => StagedList<Raw>;
  /** Takes a list that is complete as of `version`. */
  readonly commit: (list: StagedList<Raw>, version: string) => void;
  readonly onContact: () => void;
  readonly openStream: (
    open: OpenWatch<Raw>,
    signal: AbortSignal,
    options: { readonly onOpen: () => void; readonly listWithinMs: number },
  ) => WatchStream<Raw>;
}

interface Lister<Raw> {
  /** Commits a complete list. @returns the stream that continues as the watch; undefined after a list in pages. */
  list(signal: AbortSignal): Promise<WatchStream<Raw> | undefined>;
}

/** The stream ended or was silent before its list was complete. */
class NotListedError extends Error {
  override readonly name = 'NotListedError';
}

export function createLister<Raw extends RawObject>(options: ListerOptions<Raw>): Lister<Raw> {
  const { source, clock, logger, startList, commit, onContact, openStream } = options;
  const name = source.what;
  let pagesUntilMs = Number.NEGATIVE_INFINITY;

  async function list(signal: AbortSignal): Promise<WatchStream<Raw> | undefined> {
    const open = source.watchList?.bind(source);
    if (!open || clock.monotonic() < pagesUntilMs) return readPages(signal);
    try {
      return await streamList(open, signal);
    } catch (error) {
      const isRefused = error instanceof NotListedError || failureOf(error).unsupported;
      if (!isRefused || signal.aborted) throw error;
      pagesUntilMs = clock.monotonic() + PAGES_FOR_MS;
      logger.info('server does not stream lists, reading pages', { error });
      return readPages(signal);
    }
  }

  async function readPages(signal: AbortSignal): Promise<undefined> {
    const everything = startList();
    const scope = linkedAbort(signal);
    const limit = expiresAfter(clock, LIST_LIMIT_MS, scope, `the list of ${name} took too long`);
    try {
      let next: string | undefined;
      do {
        const after = next === undefined ? {} : { continue: next };
        const page = await source.list({ limit: PAGE_SIZE, ...after, signal: scope.signal });
        onContact();
        for (const raw of page.items) everything.add(raw);
        next = page.continue;
        if (next === undefined) commit(everything, page.resourceVersion);
      } while (next !== undefined);
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  async function streamList(open: OpenWatch<Raw>, signal: AbortSignal): Promise<WatchStream<Raw>> {
    const everything = startList();
    const stream = openStream(open, signal, {
      onOpen: () => stream.allowSilence(LISTED_SILENCE_MS),
      listWithinMs: LIST_LIMIT_MS,
    });
    try {
      commit(everything, await readUntilListed(stream, everything));
    } catch (error) {
      await stream.close();
      throw error;
    }
    stream.listComplete();
    stream.allowSilence(SILENCE_LIMIT_MS);
    return stream;
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
      if (stream.fellSilent)
        throw new NotListedError(`the stream of ${name} was silent before its list was complete`, {
          cause: error,
        });
      throw error;
    }
    throw new NotListedError(`the stream of ${name} ended before its list was complete`);
  }

  return { list };
}
