/** The transport on a real apiserver: pooled connections, our own errors, rotated credentials. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { staticConfig } from '../../src/kube/config.ts';
import { isAlreadyExists, isConflict, isNotFound, KubeError } from '../../src/kube/errors.ts';
import { createEventRecorder } from '../../src/kube/event-recorder.ts';
import { inClusterConfig } from '../../src/kube/in-cluster-config.ts';
import { kubeconfigLogin } from '../../src/kube/kubeconfig/kubeconfig.ts';
import { createFence, type Fence } from '../../src/runtime/election/fence.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { HANG_MS } from '../support/patience.ts';

describe('the transport on a real apiserver', () => {
  let apiserver: Apiserver;
  let metrics: Metrics;
  let kube: KubeClient;

  beforeAll(async () => {
    apiserver = await startApiserver();
    metrics = createMetrics();
    const tls = { ca: await readFile(apiserver.caFile, 'utf8') };
    const config = staticConfig(apiserver.url, { tls, authorization: `Bearer ${apiserver.token}` });
    kube = createKubeClient(config, { metrics, userAgent: 'transport-test/1' });
  });
  afterAll(async () => {
    await kube.close();
    await apiserver.stop();
  });

  const connections = async (): Promise<number> => (await metrics.apiConnections.get()).values[0]?.value ?? 0;
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const pods = '/api/v1/namespaces/default/pods';
  const readNode = async (client: KubeClient, name: string) =>
    client.raw.request({ method: 'GET', path: `/api/v1/nodes/${name}` });
  const listNodes = async (client: KubeClient) =>
    client.raw.request({ method: 'GET', path: '/api/v1/nodes' });

  it('makes 200 calls in a row over at most 2 connections', async () => {
    for (let call = 0; call < 200; call++) await kube.raw.request({ method: 'GET', path: pods });
    expect(await connections()).toBeLessThanOrEqual(2);
  });

  it('makes 100 calls at once over few connections', async () => {
    const before = await connections();
    const get = async () => kube.raw.request({ method: 'GET', path: '/api/v1/namespaces/default' });
    await Promise.all(Array.from({ length: 100 }, get));
    expect((await connections()) - before).toBeLessThanOrEqual(3);
  });

  it('speaks HTTP/1.1 if configured, with a watch open', async () => {
    const plain = createMetrics();
    const config = await kubeconfigLogin({ env: { KUBECONFIG: apiserver.kubeconfigPath } });
    const http1 = createKubeClient(config, { metrics: plain, userAgent: 'transport-test/1', allowH2: false });
    const stop = new AbortController();
    const watch = http1.listWatch({ path: configMaps });
    const { resourceVersion } = await watch.list({ limit: 500, signal: stop.signal });
    const events = watch.watch({ resourceVersion, timeoutSeconds: 30, signal: stop.signal });
    const first = events[Symbol.asyncIterator]().next();
    await http1.raw.request({
      method: 'POST',
      path: configMaps,
      body: { metadata: { name: 'beside-a-watch' } },
    });
    await expect(first).resolves.toMatchObject({ value: { kind: 'added' } });
    stop.abort();
    await http1.close();
    expect((await plain.apiConnections.get()).values[0]?.value).toBeLessThanOrEqual(3);
  });

  describe('errors', () => {
    it('name what was not found', async () => {
      const error = await readNode(kube, 'node-1').catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(KubeError);
      expect(error).toMatchObject({
        code: 404,
        reason: 'NotFound',
        verb: 'get',
        what: 'get nodes/node-1',
        retryable: false,
      });
      expect((error as KubeError).message).toBe('get nodes/node-1: 404 NotFound: nodes "node-1" not found');
      expect(isNotFound(error)).toBe(true);
    });

    it('distinguish an object that exists from a conflict', async () => {
      const create = async () =>
        kube.raw.request({ method: 'POST', path: configMaps, body: { metadata: { name: 'twice' } } });
      await create();
      await expect(create()).rejects.toSatisfy((e) => isAlreadyExists(e) && !isConflict(e));
    });

    it('report a merge patch with a stale resourceVersion or a foreign uid as a conflict', async () => {
      const path = `${configMaps}/patched`;
      const made = await kube.raw.request<{ metadata: { resourceVersion: string } }>({
        method: 'POST',
        path: configMaps,
        body: { metadata: { name: 'patched' } },
      });
      const { resourceVersion } = made.metadata;
      const patch = async (metadata: object, data: object) =>
        kube.raw.request({ method: 'PATCH', path, body: { metadata, data } });
      await patch({ resourceVersion }, { a: '1' });
      await expect(patch({ resourceVersion }, { a: '2' })).rejects.toSatisfy(isConflict);
      await expect(patch({ uid: '00000000-0000-0000-0000-000000000000' }, { a: '3' })).rejects.toSatisfy(
        isConflict,
      );
    });

    it('name the field of an invalid object', async () => {
      const body = { metadata: { name: 'Not_A_Name' } };
      const failed = kube.raw.request({ method: 'POST', path: configMaps, body });
      await expect(failed).rejects.toMatchObject({ code: 422, reason: 'Invalid' });
      await expect(failed).rejects.toThrow(/create configmaps in default: 422 Invalid: .*metadata\.name/);
    });

    it('say Unauthorized for a wrong token', async () => {
      const tls = { ca: await readFile(apiserver.caFile, 'utf8') };
      const config = staticConfig(apiserver.url, { tls, authorization: 'Bearer wrong' });
      const stranger = createKubeClient(config, { metrics: createMetrics(), userAgent: 'transport-test/1' });
      await expect(listNodes(stranger)).rejects.toMatchObject({ code: 401, reason: 'Unauthorized' });
      await stranger.close();
    });

    it('say TlsFailure for a CA that did not sign the server', async () => {
      const config = staticConfig(apiserver.url, { tls: {}, authorization: `Bearer ${apiserver.token}` });
      const doubter = createKubeClient(config, {
        metrics: createMetrics(),
        userAgent: 'transport-test/1',
        deadlineMs: 2_000,
      });
      await expect(listNodes(doubter)).rejects.toMatchObject({ code: 0, reason: 'TlsFailure' });
      await doubter.close();
    });
  });

  it('counts requests by verb, resource and code', async () => {
    await expect(readNode(kube, 'counted')).rejects.toMatchObject({ code: 404 });
    const { text } = await metrics.scrape();
    expect(text).toMatch(/rest_client_requests_total\{verb="get",resource="nodes",code="404"\} [1-9]/);
  });

  it('writes events on cluster-scoped and namespaced objects, and folds repetitions', async () => {
    const events = createEventRecorder({
      raw: kube.raw,
      logger: silentLogger,
      metrics,
      reportingController: 'example.io/operator',
    });
    const node = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'uid-of-node-1' };
    const pod = { apiVersion: 'v1', kind: 'Pod', name: 'dns', namespace: 'kube-system', uid: 'uid-of-pod' };
    const told = {
      type: 'Warning',
      reason: 'Quarantined',
      action: 'Quarantine',
      note: `held ${'ä'.repeat(2000)}`,
    } as const;
    for (let time = 0; time < 3; time++) events.record({ regarding: node, ...told });
    events.record({ regarding: pod, ...told, type: 'Normal', note: 'said once' });
    await events.drain();

    const read = async (namespace: string) =>
      (
        await kube.raw.request<{ items: { series?: { count: number }; note: string; type: string }[] }>({
          method: 'GET',
          path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
        })
      ).items;
    expect(await read('default')).toMatchObject([{ series: { count: 3 }, type: 'Warning' }]);
    expect(await read('kube-system')).toMatchObject([{ note: 'said once', type: 'Normal' }]);
    expect((await metrics.eventsDropped.get()).values.every(({ value }) => value === 0)).toBe(true);
  });

  it('takes a rotated token and a rotated CA without a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'service-account-'));
    const write = async (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
    const { hostname, port } = new URL(apiserver.url);
    const ca = await readFile(apiserver.caFile, 'utf8');
    // Before the rotation: a token that is no longer valid, and the CA of another cluster.
    await Promise.all([
      write('token', 'expired'),
      write('ca.crt', rootCertificates[0] ?? ''),
      write('namespace', 'default'),
    ]);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const config = await inClusterConfig({ env, directory });
    const pod = createKubeClient(config, {
      metrics: createMetrics(),
      userAgent: 'transport-test/1',
      deadlineMs: 2_000,
    });
    const list = async (): Promise<unknown> => listNodes(pod);
    await expect(list()).rejects.toMatchObject({ reason: 'TlsFailure' });
    await write('ca.crt', ca);
    await expect(list()).rejects.toMatchObject({ code: 401 });
    await write('token', apiserver.token);
    await list();
    await pod.close();
    await rm(directory, { recursive: true });
  });

  it('has handed a fenced write to the kernel when the turn in which it asks its fence is over', async () => {
    const fence = createFence();
    fence.open(Number.POSITIVE_INFINITY);
    let asked: (() => void) | undefined;
    const watched: Fence = {
      ...fence,
      isOpen() {
        asked?.();
        return fence.isOpen();
      },
    };
    const tls = { ca: await readFile(apiserver.caFile, 'utf8') };
    const config = staticConfig(apiserver.url, { tls, authorization: `Bearer ${apiserver.token}` });
    const fenced = createKubeClient(config, {
      metrics: createMetrics(),
      userAgent: 'fenced/1',
      fence: watched,
    });
    const create = async (name: string) =>
      fenced.raw.request({ method: 'POST', path: configMaps, body: { metadata: { name } } });
    await create('opens-the-connection');
    const isAudited = (): boolean => readFileSync(apiserver.auditLogPath, 'utf8').includes('"left-at-once"');
    let times = 0;
    let arrived = false;
    asked = () => {
      times += 1;
      // The second time is the last one, right before the bytes leave. Then this thread does nothing any more.
      if (times === 2) queueMicrotask(() => (arrived = blockUntil(isAudited)));
    };
    await create('left-at-once');
    expect({ times, arrived }).toEqual({ times: 2, arrived: true });
    await fenced.close();
  });

  it('ends a call at its deadline while the server is frozen, and works again afterwards', async () => {
    await apiserver.pause();
    try {
      const frozen = kube.raw.request({ method: 'GET', path: '/version', deadlineMs: 1_000 });
      await expect(frozen).rejects.toMatchObject({
        code: 0,
        reason: 'Timeout',
        retryable: true,
        message: expect.stringContaining('within 1000 ms'),
      });
    } finally {
      apiserver.resume();
    }
    await kube.raw.request({ method: 'GET', path: '/version' });
  });
});

/** Without giving the event loop a turn. */
function blockUntil(isDone: () => boolean): boolean {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + HANG_MS;
  while (performance.now() < end) {
    if (isDone()) return true;
    Atomics.wait(cell, 0, 0, 10);
  }
  return false;
}
