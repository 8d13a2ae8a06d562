/** One watch of a source, read event by event, that ends itself where it is silent for too long. */
import type { Clock } from '../clock.ts';
import { expiresAfter, linkedAbort } from '../deadline.ts';
import type { WatchEvent, WatchRequest } from './list-watch.ts';

export interface WatchStream<Raw> {
  /** undefined when the server has ended the stream. */
  next(): Promise<WatchEvent<Raw> | undefined>;
  /** The longest silence from now on. */
  allowSilence(ms: number): void;
  /** It was ended because it was silent, not by who asked for it. */
  readonly fellSilent: boolean;
  close(): Promise<void>;
}

interface WatchStreamOptions<Raw> {
  readonly open: (request: WatchRequest) => AsyncIterable<WatchEvent<Raw>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  /** The longest silence. */
  readonly silenceMs: number;
  /** Of the silence, for a person. */
  readonly message: string;
  readonly onOpen: () => void;
  /** The server was heard. */
  readonly onContact: () => void;
}

export function openWatchStream<Raw>(options: WatchStreamOptions<Raw>): WatchStream<Raw> {
  const { open, signal, clock, random, silenceMs, message, onContact } = options;
  const scope = linkedAbort(signal);
  const silence = expiresAfter(clock, silenceMs, scope, message);
  const events = open({
    // Random, so that many watches do not end together; the server would choose 30 to 60 minutes.
    timeoutSeconds: 240 + Math.floor(random() * 61),
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
    get fellSilent() {
      return scope.signal.aborted && !signal.aborted;
    },
    async close() {
      silence.cancel();
      scope.release();
      await events.return?.();
    },
  };
}
