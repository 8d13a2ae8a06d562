/** One watch of a source, read event by event. It ends itself when it is silent for too long. */
import type { Clock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { WatchEvent, WatchRequest } from './list-watch.ts';

export interface WatchStream<Raw> {
  /** undefined when the server has ended the stream. */
  next(): Promise<WatchEvent<Raw> | undefined>;
  /** Sets the longest silence from now on. */
  allowSilence(ms: number): void;
  /** Removes the limit of `listWithinMs`. */
  listComplete(): void;
  /** Whether it ended because of its silence, and not because of another limit or its caller. */
  readonly fellSilent: boolean;
  close(): Promise<void>;
}

interface WatchStreamOptions<Raw> {
  /** For error messages, for example "pods". */
  readonly what: string;
  readonly open: (request: WatchRequest) => AsyncIterable<WatchEvent<Raw>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  /** The shortest time after which the server is to end it. */
  readonly watchSeconds: number;
  /** The longest silence. */
  readonly silenceMs: number;
  /** For a stream that starts with the list: how long that may take, until `listComplete`. */
  readonly listWithinMs?: number;
  readonly onOpen: () => void;
  /** The server has sent something. */
  readonly onContact: () => void;
}

export function openWatchStream<Raw>(options: WatchStreamOptions<Raw>): WatchStream<Raw> {
  const { what, open, signal, clock, random, watchSeconds, silenceMs, listWithinMs, onContact } = options;
  const listing = linkedAbort(signal);
  const limit =
    listWithinMs === undefined
      ? undefined
      : expiresAfter(clock, listWithinMs, listing, `the list of ${what} took too long`);
  const scope = linkedAbort(listing.signal);
  const silence = expiresAfter(clock, silenceMs, scope, `the watch of ${what} was silent for too long`);
  const events = open({
    // Random, so that many watches do not end together; the server would choose 30 to 60 minutes.
    timeoutSeconds: watchSeconds + Math.floor(random() * 61),
    signal: scope.signal,
    onOpen() {
      onContact();
      silence.restart();
      options.onOpen();
    },
  })[Symbol.asyncIterator]();

  return {
    async next() {
      const { done, value } = await events.next();
      if (scope.signal.aborted) throw scope.signal.reason;
      if (done) return undefined;
      onContact();
      silence.restart();
      return value;
    },
    allowSilence: (ms) => silence.restart(ms),
    listComplete: () => limit?.cancel(),
    get fellSilent() {
      return scope.signal.aborted && !listing.signal.aborted;
    },
    async close() {
      limit?.cancel();
      silence.cancel();
      scope.release();
      listing.release();
      await events.return?.();
    },
  };
}
