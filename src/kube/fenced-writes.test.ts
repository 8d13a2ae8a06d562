import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fence } from '../runtime/election/fence.ts';
import { createFence } from '../runtime/election/fence.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createFakeClock } from '../runtime/testing/fake-clock.ts';
import { createKubeClient, type KubeClient } from './client.ts';
import { staticConfig } from './config.ts';
import type { KubeError } from './errors.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Answer = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"kind":"Node"}');
};
const silence: Answer = () => {};
const path = '/api/v1/nodes/a';
const NOT_LEADING = { code: 0, reason: 'NotLeading', retryable: false };
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

describe('a transport with a fence', () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()));
  });

  async function setup(answer: Answer = ok, wrap: (fence: Fence) => Fence = (fence) => fence) {
    const clock = createFakeClock();
    const real = createFence(clock);
    const requests: string[] = [];
    const http: Server = createServer((request, response) => {
      requests.push(`${request.method}`);
      answer(request, response);
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const fence = wrap(real);
    const config = staticConfig(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { tls: {} });
    const kube = createKubeClient(config, {
      metrics: createMetrics(),
      userAgent: 'unit-test/1',
      clock,
      fence,
    });
    open.push(async () => {
      await kube.close();
      http.closeAllConnections();
      http.close();
    });
    return { clock, fence: real, http, requests, kube };
  }

  const write = async (kube: KubeClient, method: (typeof METHODS)[number] = 'PUT', more: object = {}) =>
    kube.raw.request({ method, path, body: {}, ...more });
  const errorOf = async (call: Promise<unknown>): Promise<KubeError> =>
    call.then(
      () => {
        throw new Error('it should have failed');
      },
      (error: unknown) => error as KubeError,
    );

  it('sends no write before the fence is opened, but every read', async () => {
    const { kube, requests } = await setup();
    for (const method of METHODS) {
      const error = await errorOf(write(kube, method));
      expect(error).toMatchObject(NOT_LEADING);
      expect(error.message).toMatch(/NotLeading: not sent: another process leads/);
    }
    await kube.raw.request({ method: 'GET', path });
    expect(requests).toEqual(['GET']);
  });

  it('sends writes while the fence is open', async () => {
    const { kube, requests, fence } = await setup();
    fence.open(10_000);
    for (const method of METHODS) await write(kube, method);
    expect(requests).toEqual(METHODS);
  });

  it('sends none after the fence has expired, by the clock alone', async () => {
    const { kube, requests, fence, clock } = await setup();
    fence.open(10_000);
    await clock.advance(10_000);
    expect((await errorOf(write(kube))).message).toMatch(/not sent: the lease was not renewed in time/);
    expect(requests).toEqual([]);
  });

  it('sends unfenced writes', async () => {
    const { kube, requests, fence } = await setup();
    fence.close(new Error('lost'));
    await write(kube, 'PATCH', { unfenced: true });
    expect(requests).toEqual(['PATCH']);
  });

  it('checks the fence again when a connection is open and the bytes are about to leave', async () => {
    let asked = 0;
    const { kube, requests } = await setup(ok, (fence) => ({
      ...fence,
      // Open for the first check; a pause, for example, closes it before the second.
      isOpen: () => ++asked === 1,
    }));
    expect(await errorOf(write(kube))).toMatchObject(NOT_LEADING);
    expect(asked).toBeGreaterThanOrEqual(2);
    expect(requests).toEqual([]);
  });

  it('checks the fence before each retry', async () => {
    const { kube, requests, fence, clock } = await setup((_request, response) => {
      response.writeHead(503, { 'retry-after': '3' });
      response.end();
    });
    fence.open(2_000);
    const failed = errorOf(write(kube));
    await expect.poll(async () => (await clock.settle(), clock.pendingTimers)).toBe(3);
    await clock.advance(5_000);
    expect(await failed).toMatchObject(NOT_LEADING);
    expect(requests).toEqual(['PUT']);
  });

  it('remembers a write that was aborted before its answer, but not one that was answered or never sent', async () => {
    const { kube, fence, requests } = await setup(silence);
    const refusing = await setup((_request, response) => {
      response.writeHead(409, { 'content-type': 'application/json' });
      response.end('{"kind":"Status","reason":"Conflict"}');
    });
    refusing.fence.open(10_000);
    await errorOf(write(refusing.kube));
    expect(refusing.fence.hasCutOff(5_000)).toBe(false);

    const early = await setup();
    await errorOf(write(early.kube));
    expect(early.fence.hasCutOff(5_000)).toBe(false);

    fence.open(10_000);
    const stop = new AbortController();
    const failed = errorOf(write(kube, 'PATCH', { signal: stop.signal }));
    await expect.poll(() => requests).toEqual(['PATCH']);
    expect(fence.hasCutOff(5_000)).toBe(false);
    stop.abort(new Error('the grace period of the shutdown is over'));
    await failed;
    expect(fence.hasCutOff(5_000)).toBe(true);
  });

  it('resets writes in flight when the fence closes, and reports that their outcome is unknown', async () => {
    const { kube, http, requests, fence } = await setup(silence);
    const resets: unknown[] = [];
    http.on('connection', (socket) => socket.on('error', (error) => resets.push(Reflect.get(error, 'code'))));
    fence.open(10_000);
    const failed = errorOf(write(kube));
    await expect.poll(() => requests).toEqual(['PUT']);
    fence.close(new Error('another process leads'));
    expect((await failed).message).toMatch(/NotLeading: outcome unknown: another process leads/);
    // A reset, so that the kernel drops what is still in its send buffer.
    await expect.poll(() => resets).toEqual(['ECONNRESET']);
  });
});
