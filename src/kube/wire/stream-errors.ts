/** Keeps the error of an abandoned HTTP/2 stream from ending the process. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CREATED = 'http2.client.stream.created';
const ignore = (): void => {};

function listen(message: unknown): void {
  const { stream } = message as { readonly stream: NodeJS.EventEmitter };
  stream.on('error', ignore);
}

/**
 * undici 8.12 removes its listeners from a stream whose request was aborted. When the whole session is reset later, as
 * by a killed API server, Node emits 'error' on that stream too, which without a listener is an uncaught exception.
 * No error is hidden: the streams of pending requests still have undici's listeners. Not done by catching uncaught
 * exceptions, because those must end the process.
 */
export function tolerateAbandonedStreams(): void {
  unsubscribe(CREATED, listen);
  subscribe(CREATED, listen);
}
