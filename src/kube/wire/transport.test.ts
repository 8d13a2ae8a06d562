import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../runtime/metrics.ts';
import { createKubeClient, type KubeClient } from '../client.ts';
import { type ClusterConfig, staticConfig } from '../config.ts';
import type { KubeError } from '../errors.ts';

/** Long enough for four attempts on a machine of any speed. */
const DEADLINE_MS = 60_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Answer = (_request, response) => void response.end('{"kind":"Pod"}');
const refuse =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(code, headers);
    response.end(JSON.stringify({ kind: 'Status', reason: 'Because', message: 'of that', code }));
  };
const ABORTED = { code: 0, reason: 'Aborted', retryable: false };
const reset: Answer = (request) => void request.socket.resetAndDestroy();

describe('the transport', () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });

  /** A server that gives these answers, one for each request, and then the last one repeatedly. */
  async function server(...answers: Answer[]) {
    const requests: IncomingMessage[] = [];
    const http: Server = createServer((request, response) => {
      requests.push(request);
      (answers.length > 1 ? answers.shift() : answers[0])?.(request, response);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const metrics = createMetrics();
    const client = (
      config: ClusterConfig = staticConfig(url, { tls: {}, authorization: 'Bearer one' }),
    ): KubeClient => {
      const kube = createKubeClient(config, { metrics, userAgent: 'unit-test/1', deadlineMs: DEADLINE_MS });
      open.push(() => kube.close());
      return kube;
    };
    open.push(async () => {
      http.closeAllConnections();
      http.close();
    });
    return { url, requests, metrics, client, kube: client() };
  }

  const get = async (kube: KubeClient, more: object = {}): Promise<unknown> =>
    kube.raw.request({ method: 'GET', path: '/api/v1/namespaces/default/pods/a', ...more });
  const post = async (kube: KubeClient): Promise<unknown> =>
    kube.raw.request({ method: 'POST', path: '/api/v1/namespaces/default/pods', body: {} });
  const errorOf = async (call: Promise<unknown>): Promise<KubeError> =>
    call.then(
      () => {
        throw new Error('it should have failed');
      },
      (error: unknown) => error as KubeError,
    );

  it('sends the user agent, the token and JSON', async () => {
    const { kube, requests } = await server(ok);
    await kube.raw.request({
      method: 'PATCH',
      path: '/api/v1/nodes/a',
      query: { dryRun: 'All' },
      body: { x: 1 },
    });
    expect(requests[0]?.headers).toMatchObject({
      'user-agent': 'unit-test/1',
      authorization: 'Bearer one',
      'content-type': 'application/merge-patch+json',
      accept: 'application/json',
    });
    expect(requests[0]?.url).toBe('/api/v1/nodes/a?dryRun=All');
  });

  it.each([
    ['a reset', reset],
    ['a 503', refuse(503)],
    ['a 504', refuse(504)],
    ['a 429', refuse(429)],
    ['a 500 with Retry-After', refuse(500, { 'retry-after': '0' })],
  ])('retries a read after %s', async (_name, answer) => {
    const { kube, requests } = await server(answer, ok);
    await get(kube);
    expect(requests).toHaveLength(2);
  });

  it('retries any call after a 429, and honours Retry-After', async () => {
    const { kube, requests } = await server(refuse(429, { 'retry-after': '1' }), ok);
    const began = performance.now();
    await post(kube);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['a reset', reset, 0],
    ['a 503', refuse(503), 503],
    ['a 500 with Retry-After', refuse(500, { 'retry-after': '0' }), 500],
  ])('does not create twice after %s', async (_name, answer, code) => {
    const { kube, requests } = await server(answer, ok);
    expect(await errorOf(post(kube))).toMatchObject({ code });
    expect(requests).toHaveLength(1);
  });

  it.each([400, 403, 404, 409, 500])('does not retry a plain %i', async (code) => {
    const { kube, requests } = await server(refuse(code), ok);
    expect(await errorOf(get(kube))).toMatchObject({ code, reason: 'Because' });
    expect(requests).toHaveLength(1);
  });

  it('gives up after four attempts', async () => {
    const { kube, requests, metrics } = await server(refuse(503, { 'retry-after': '0' }));
    expect(await errorOf(get(kube))).toMatchObject({ code: 503, retryable: true });
    expect(requests).toHaveLength(4);
    expect((await metrics.apiRetries.get()).values[0]?.value).toBe(3);
  });

  it('returns a Retry-After beyond the deadline to the caller at once', async () => {
    const { kube, requests } = await server(refuse(429, { 'retry-after': '61' }));
    expect(await errorOf(get(kube))).toMatchObject({ code: 429, retryAfterMs: 61_000 });
    expect(requests).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['headers that do not come', () => {}],
    ['a body that does not end', (_request, response) => void response.write('{')],
  ])('ends at its deadline on %s', async (_name, answer) => {
    const { kube } = await server(answer);
    const error = await errorOf(get(kube, { deadlineMs: 300 }));
    expect(error.message).toBe('get pods default/a: Timeout: no response within 300 ms');
    expect(error).toMatchObject({ code: 0, retryable: true });
  });

  it('ends when the caller aborts, and reports it as Aborted', async () => {
    const { kube } = await server(() => {});
    const stop = new AbortController();
    const call = errorOf(get(kube, { signal: stop.signal }));
    await sleep(50);
    stop.abort(new Error('enough'));
    const error = await call;
    expect(error).toMatchObject(ABORTED);
  });

  it('ends when the caller aborts while the connection is still being opened', async () => {
    const silent = createTcpServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { client } = await server(ok);
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const stop = new AbortController();
    const connected = once(silent, 'connection');
    const call = get(client(staticConfig(url, { tls: {} })), { signal: stop.signal });
    let failure: unknown;
    const ended = call.catch((error: unknown) => {
      failure = error;
    });
    const [socket] = (await connected) as [Socket];
    stop.abort();
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    expect(failure).toMatchObject(ABORTED);
    socket.destroy();
    silent.close();
    await ended;
  });

  it('reports a server that does not listen', async () => {
    const config = staticConfig('http://127.0.0.1:1', { tls: {} });
    const kube = createKubeClient(config, {
      metrics: createMetrics(),
      userAgent: 'x',
      deadlineMs: DEADLINE_MS,
    });
    expect(await errorOf(get(kube))).toMatchObject({
      code: 0,
      reason: 'Unreachable',
      message: expect.stringMatching(/^get pods default\/a: Unreachable: .*ECONNREFUSED/) as unknown,
    });
  });

  it('reports a response that is not from an API server', async () => {
    const page: Answer = (_request, response) => {
      response.writeHead(502);
      response.end('<html>bad gateway</html>');
    };
    const { kube } = await server(page);
    expect((await errorOf(get(kube))).message).toBe(
      'get pods default/a: 502 BadGateway: <html>bad gateway</html>',
    );
    const cheerful = await server((_request, response) => void response.end('welcome'));
    expect(await errorOf(get(cheerful.kube))).toMatchObject({ code: 0, reason: 'BadAnswer' });
  });

  it('reads new credentials after a 401 and retries a read once with them', async () => {
    const { url, client, requests } = await server(refuse(401), ok);
    let token = 'old';
    const kube = client({
      server: url,
      credentials: () => Promise.resolve({ tls: {}, authorization: `Bearer ${token}` }),
      invalidate() {
        token = 'new';
      },
    });
    await get(kube);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('does not retry a log', async () => {
    const { kube, requests } = await server(refuse(503), ok);
    const log = kube.readLog({
      namespace: 'n',
      pod: 'p',
      container: 'c',
      previous: true,
      timestamps: true,
      tailLines: 5,
      sinceTime: '2026-03-01T12:00:00Z',
      limitBytes: 9,
    });
    expect(await errorOf(log)).toMatchObject({ code: 503, what: 'get pods/log n/p' });
    expect(requests.map(({ url }) => url)).toEqual([
      '/api/v1/namespaces/n/pods/p/log?container=c&previous=true&timestamps=true&tailLines=5&sinceTime=2026-03-01T12%3A00%3A00Z&limitBytes=9',
    ]);
  });

  describe('a watch', () => {
    async function watching(...answers: Answer[]) {
      const { kube, requests } = await server(...answers);
      const source = kube.listWatch({ path: '/api/v1/pods', labelSelector: 'a=b' });
      const signal = new AbortController();
      const events = source.watch({ resourceVersion: '5', timeoutSeconds: 250, signal: signal.signal });
      return { events: events[Symbol.asyncIterator](), requests, signal };
    }
    const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
    const pod = { metadata: { name: 'ä', resourceVersion: '6' } };

    it('requests bookmarks, a start version and a timeout', async () => {
      const { events, requests } = await watching(
        (_request, response) => void response.end(line('ADDED', pod)),
      );
      expect(await events.next()).toEqual({ done: false, value: { kind: 'added', object: pod } });
      expect((await events.next()).done).toBe(true);
      const query = new URL(requests[0]?.url ?? '', 'http://x').searchParams;
      expect(Object.fromEntries(query)).toEqual({
        labelSelector: 'a=b',
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: '5',
        timeoutSeconds: '250',
      });
    });

    it('requests the initial events first, and marks their end', async () => {
      const { kube, requests } = await server((_request, response) => {
        const end = { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } };
        response.end(line('ADDED', pod) + line('BOOKMARK', { metadata: end }));
      });
      const source = kube.listWatch({ path: '/api/v1/pods' });
      const { signal } = new AbortController();
      const events = [];
      for await (const event of source.watchList?.({ timeoutSeconds: 250, signal }) ?? []) events.push(event);
      expect(events).toEqual([
        { kind: 'added', object: pod },
        { kind: 'listed', resourceVersion: '9' },
      ]);
      const query = new URL(requests[0]?.url ?? '', 'http://x').searchParams;
      expect(Object.fromEntries(query)).toEqual({
        watch: 'true',
        allowWatchBookmarks: 'true',
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        timeoutSeconds: '250',
      });
    });

    it('joins lines that arrive in pieces', async () => {
      const bytes = Buffer.from(
        line('MODIFIED', pod) + line('BOOKMARK', { metadata: { resourceVersion: '9' } }),
      );
      const { events } = await watching((_request, response) => {
        const send = async (): Promise<void> => {
          for (const byte of bytes) {
            response.write(Buffer.from([byte]));
            await sleep(0);
          }
          response.end();
        };
        void send();
      });
      expect((await events.next()).value).toEqual({ kind: 'modified', object: pod });
      expect((await events.next()).value).toEqual({ kind: 'bookmark', resourceVersion: '9' });
    });

    it('throws an error that the server sends inside the stream', async () => {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
      const { events } = await watching((_request, response) => void response.end(line('ERROR', status)));
      expect(await errorOf(events.next())).toMatchObject({
        code: 410,
        message: 'watch pods: 410 Expired: too old',
      });
    });

    it('throws on a refusal, a reset, and a line that is not an event', async () => {
      const refused = await watching(refuse(403));
      expect(await errorOf(refused.events.next())).toMatchObject({ code: 403, verb: 'watch' });
      const broken = await watching((request, response) => {
        response.write(line('ADDED', pod));
        setTimeout(() => request.socket.resetAndDestroy(), 50);
      });
      await broken.events.next();
      expect(await errorOf(broken.events.next())).toMatchObject({ code: 0, reason: 'Unreachable' });
      for (const nonsense of ['{"type":"ADD\n', '[]\n', '{"type":"NEW","object":{}}\n']) {
        const { events } = await watching((_request, response) => void response.end(nonsense));
        expect(await errorOf(events.next())).toMatchObject({ code: 0, reason: 'BadAnswer' });
      }
    });

    it('ends when its signal aborts, while connecting and while waiting', async () => {
      const silent = await watching(() => {});
      const connecting = errorOf(silent.events.next());
      silent.signal.abort();
      expect(await connecting).toMatchObject(ABORTED);
      const quiet = await watching((_request, response) => void response.write(line('ADDED', pod)));
      await quiet.events.next();
      const waiting = errorOf(quiet.events.next());
      quiet.signal.abort();
      expect(await waiting).toMatchObject(ABORTED);
    });
  });
});
