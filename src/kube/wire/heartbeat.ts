/** Asks each HTTP/2 session for a PING, and ends the one that does not answer: so a dead network is noticed in ten seconds. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Stream, Http2Session } from 'node:http2';

const EVERY_MS = 5_000;
const CREATED = 'http2.client.stream.created';
const known = new WeakSet<Http2Session>();

function onStream(message: unknown): void {
  const { session } = (message as { readonly stream: ClientHttp2Stream }).stream;
  if (!session || known.has(session)) return;
  known.add(session);
  beat(session);
}

/**
 * For all sessions from now on. Not TCP's keep-alive alone: the kernel sends none while anything that we sent is not
 * acknowledged, so that one frame on its way into a black hole (undici's own PING of every minute, for example) would
 * leave the watches blind until the kernel gives up on it, a quarter of an hour later.
 */
export function keepSessionsHonest(): void {
  unsubscribe(CREATED, onStream);
  subscribe(CREATED, onStream);
}

export function beat(session: Http2Session, everyMs = EVERY_MS): void {
  let isAsked = false;
  let lastAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const wasAwake = now - lastAt < everyMs * 1.5;
    lastAt = now;
    if (session.destroyed) return;
    if (!isAsked) {
      isAsked = true;
      session.ping(() => {
        isAsked = false;
      });
      // A process that was stopped or busy has not read the answer that may be there.
    } else if (wasAwake)
      session.destroy(new Error(`the connection is dead: no answer to a PING in ${everyMs} ms`));
  }, everyMs);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}
