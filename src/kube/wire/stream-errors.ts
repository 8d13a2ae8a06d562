/** Keeps an HTTP/2 stream that nobody waits for any more from ending the process with its error. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CREATED = 'http2.client.stream.created';
const ignore = (): void => {};

function listen(message: unknown): void {
  const { stream } = message as { readonly stream: NodeJS.EventEmitter };
  stream.on('error', ignore);
}

/**
 * undici 8.12 lets go of a stream whose request was aborted, and Node then reports the next reset of the whole
 * session on that stream too: an 'error' event without a listener, which is an uncaught exception. A killed API
 * server showed it. Whoever still waits for a stream has undici's own listener, so nothing is hidden from anybody.
 * Not by catching uncaught exceptions: those must end the process.
 */
export function tolerateAbandonedStreams(): void {
  unsubscribe(CREATED, listen);
  subscribe(CREATED, listen);
}
