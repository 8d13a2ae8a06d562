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
import { isNotLeading, isUnreachable, type KubeError } from './errors.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Answer = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"kind":"Node"}');
};
const silence: Answer = () => {};
const path = '/api/v1/nodes/a';
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

  it('lets no write out before it is opened, and reads always', async () => {
    const { kube, requests } = await setup();
    for (const method of METHODS) {
      const error = await errorOf(write(kube, method));
      expect(error).toMatchObject({ code: 0, reason: 'NotLeading', retryable: false });
      expect(isNotLeading(error) && !isUnreachable(error)).toBe(true);
      expect(error.message).toMatch(/NotLeading: it was not sent: another one leads/);
    }
    await kube.raw.request({ method: 'GET', path });
    expect(requests).toEqual(['GET']);
  });

  it('lets writes out while it is open, typed ones too', async () => {
    const { kube, requests, fence } = await setup();
    fence.open(10_000);
    for (const method of METHODS) await write(kube, method);
    await kube.core.deleteNamespacedPod({ namespace: 'a', name: 'b', body: { preconditions: { uid: 'c' } } });
    expect(requests).toEqual([...METHODS, 'DELETE']);
  });

  it('lets none out after its time, by the clock alone', async () => {
    const { kube, requests, fence, clock } = await setup();
    fence.open(10_000);
    await clock.advance(10_000);
    expect((await errorOf(write(kube))).message).toMatch(
      /it was not sent: the lease was not renewed in time/,
    );
    expect(requests).toEqual([]);
  });

  it('lets out what need not lead', async () => {
    const { kube, requests, fence } = await setup();
    fence.close(new Error('lost'));
    await write(kube, 'PATCH', { unfenced: true });
    expect(requests).toEqual(['PATCH']);
  });

  it('asks once more when a connection is there and the bytes are about to leave', async () => {
    let asked = 0;
    const { kube, requests } = await setup(ok, (fence) => ({
      ...fence,
      // Open to the first question; whatever lies between the two, a pause for example, has closed it.
      isOpen: () => ++asked === 1,
    }));
    expect(isNotLeading(await errorOf(write(kube)))).toBe(true);
    expect(asked).toBeGreaterThanOrEqual(2);
    expect(requests).toEqual([]);
  });

  it('asks before each attempt of a write that is retried', async () => {
    const { kube, requests, fence, clock } = await setup((_request, response) => {
      response.writeHead(503, { 'retry-after': '3' });
      response.end();
    });
    fence.open(2_000);
    const failed = errorOf(write(kube));
    await expect.poll(async () => (await clock.settle(), clock.pendingTimers)).toBe(3);
    await clock.advance(5_000);
    expect(isNotLeading(await failed)).toBe(true);
    expect(requests).toEqual(['PUT']);
  });

  it('cuts off what is under way when it closes, and says that it may have happened', async () => {
    const { kube, http, requests, fence } = await setup(silence);
    const resets: unknown[] = [];
    http.on('connection', (socket) => socket.on('error', (error) => resets.push(Reflect.get(error, 'code'))));
    fence.open(10_000);
    const failed = errorOf(write(kube));
    await expect.poll(() => requests).toEqual(['PUT']);
    fence.close(new Error('another one leads'));
    expect((await failed).message).toMatch(/whether it was carried out is not known: another one leads/);
    // A reset, not a farewell: what the network still held of it is dropped.
    await expect.poll(() => resets).toEqual(['ECONNRESET']);
  });
});
