/** Sends PINGs on each HTTP/2 session and destroys one that does not respond, so that a dead connection is detected within ten seconds. */
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
 * For all sessions from now on. TCP keep-alive is not enough: the kernel sends no probe while sent data is
 * unacknowledged. With one frame lost in a black hole, for example undici's own PING of every minute, the watches would
 * miss everything until the kernel gives up on that frame, a quarter of an hour later.
 */
export function pingSessions(): void {
  unsubscribe(CREATED, onStream);
  subscribe(CREATED, onStream);
}

export function beat(session: Http2Session, everyMs = EVERY_MS): void {
  let isPending = false;
  let lastAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const wasAwake = now - lastAt < everyMs * 1.5;
    lastAt = now;
    if (session.destroyed) return;
    if (!isPending) {
      isPending = true;
      session.ping(() => {
        isPending = false;
      });
      // A process that was stopped or busy may not have read the response yet.
    } else if (wasAwake)
      session.destroy(new Error(`the connection is dead: no response to a PING in ${everyMs} ms`));
  }, everyMs);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}
