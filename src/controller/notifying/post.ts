/** One POST to a receiver: with a deadline, without redirects, and without believing anything but the status. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../../runtime/clock.ts';
import type { Receiver } from './receivers.ts';

/** `why` never has a URL, an address or a header in it. */
export type Delivery =
  | { readonly kind: 'delivered' }
  /** It would be refused again. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

export type Post = (receiver: Receiver, body: string, signal: AbortSignal) => Promise<Delivery>;

/** An answer is read as far as a connection wants it for a clean end; what it says does not matter. */
const MAX_ANSWER_BYTES = 16_384;

/** It never rejects. A name that DNS does not resolve is a failure like any other. */
export const createPost =
  (clock: Clock): Post =>
  async ({ url, headers, ca, timeoutMs }, body, signal) =>
    new Promise<Delivery>((resolve) => {
      const isTls = url.startsWith('https:');
      const proxied = { proxyEnv: process.env, keepAlive: false };
      let request: ReturnType<typeof httpRequest>;
      try {
        request = (isTls ? httpsRequest : httpRequest)(url, {
          method: 'POST',
          headers: {
            'user-agent': 'dnshealth-operator',
            ...headers,
            'content-type': 'application/json; charset=utf-8',
            'content-length': Buffer.byteLength(body),
          },
          // A connection for each: a receiver is told something every few minutes at most.
          agent: isTls
            ? new HttpsAgent({ ...proxied, ...(ca === null ? {} : { ca }) })
            : new HttpAgent(proxied),
          signal,
        });
      } catch (error) {
        resolve({ kind: 'failed', why: whyOf(error) });
        return;
      }
      // Until the connection is closed: a receiver that answers and then goes on for ever ends as well.
      const deadline = clock.setTimeout(() => {
        resolve({ kind: 'failed', why: `no answer within ${timeoutMs / 1000} s` });
        request.destroy();
      }, timeoutMs);
      request.on('response', (answer) => {
        resolve(meaningOf(answer.statusCode ?? 0));
        readToTheEnd(answer);
      });
      request.on('error', (error) => resolve({ kind: 'failed', why: whyOf(error) }));
      request.on('close', () => {
        deadline.cancel();
        resolve({ kind: 'failed', why: 'the connection was closed without an answer' });
      });
      request.end(body);
    });

function readToTheEnd(answer: IncomingMessage): void {
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) answer.destroy();
  });
  // The status was read, which is all that counts.
  answer.on('error', () => answer.destroy());
}

/** What says that the request itself is wrong is not tried again; what may be corrected on the other side is. */
const LATER = [401, 403, 404, 408, 425, 429];

function meaningOf(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400)
    return { kind: 'refused', why: `status ${status}: a redirect, which is not followed` };
  const why = `status ${status}`;
  return status >= 400 && status < 500 && !LATER.includes(status)
    ? { kind: 'refused', why }
    : { kind: 'failed', why };
}

/** Messages of Node name hosts and addresses; its codes do not. */
function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `the request failed (${code})`;
}
