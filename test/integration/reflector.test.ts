/** The reflector on a real apiserver: after every trouble its store equals a fresh list. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { staticConfig } from '../../src/kube/config.ts';
import type { KubeError } from '../../src/kube/errors.ts';
import type { ListWatchOptions } from '../../src/kube/list-watch.ts';
import type { RawObject } from '../../src/runtime/list-watch.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import { createReflector, type Reflector } from '../../src/runtime/reflector.ts';
import type { Change } from '../../src/runtime/store.ts';
import { type Apiserver, startApiserver } from '../support/apiserver.ts';

interface ConfigMap extends RawObject {
  readonly data?: Readonly<Record<string, string>>;
}
interface Kept {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly value: string | undefined;
}

const keep = ({ metadata, data }: ConfigMap): Kept => {
  if (data?.['value'] === 'nonsense') throw new TypeError('a value that makes no sense');
  const { name, uid = '', resourceVersion = '' } = metadata;
  return { name, uid, resourceVersion, value: data?.['value'] };
};

describe('the reflector on a real apiserver', () => {
  let apiserver: Apiserver;
  let metrics: Metrics;
  let kube: KubeClient;
  let namespace: string;
  let path: string;
  let stop: AbortController;
  let loops: Promise<void>[];
  let round = 0;

  beforeAll(async () => {
    apiserver = await startApiserver();
    metrics = createMetrics();
    const tls = { ca: await readFile(apiserver.caFile, 'utf8') };
    const config = staticConfig(apiserver.url, { tls, authorization: `Bearer ${apiserver.token}` });
    kube = createKubeClient(config, { metrics, userAgent: 'reflector-test/1' });
  });
  afterAll(async () => {
    await kube.close();
    await apiserver.stop();
  });
  beforeEach(async () => {
    namespace = `round-${++round}`;
    path = `/api/v1/namespaces/${namespace}/configmaps`;
    stop = new AbortController();
    loops = [];
    await kube.raw.request({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: namespace } },
    });
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(loops);
  });

  const key = (name: string): string => `${namespace}/${name}`;
  const create = async (name: string, value = '0'): Promise<unknown> =>
    kube.raw.request({
      method: 'POST',
      path,
      body: { metadata: { name, labels: { app: 'x' } }, data: { value } },
    });
  const change = async (name: string, value: string): Promise<unknown> =>
    kube.raw.request({ method: 'PATCH', path: `${path}/${name}`, body: { data: { value } } });
  const remove = async (name: string): Promise<unknown> =>
    kube.raw.request({ method: 'DELETE', path: `${path}/${name}` });

  async function started(options: Partial<ListWatchOptions> = {}): Promise<Reflector<Kept>> {
    const source = kube.listWatch<ConfigMap>({ path, ...options });
    const reflector = createReflector({ source, transform: keep, logger: silentLogger, metrics });
    loops.push(reflector.start(stop.signal));
    await reflector.synced;
    return reflector;
  }

  async function expectEqualToFreshList(reflector: Reflector<Kept>, timeout = 5_000): Promise<void> {
    const byName = (a: Kept, b: Kept): number => a.name.localeCompare(b.name);
    const { items } = await kube.raw.request<{ items: readonly ConfigMap[] }>({ method: 'GET', path });
    const fresh = items.map(keep).sort(byName);
    await expect.poll(() => [...reflector.list()].sort(byName), { timeout, interval: 20 }).toEqual(fresh);
  }

  it('follows what is created, changed and deleted', async () => {
    await create('a');
    const reflector = await started();
    const told: string[] = [];
    reflector.onChange(({ kind, key }) => told.push(`${kind} ${key}`));
    await create('b');
    await change('a', '1');
    await remove('b');
    await expect
      .poll(() => told)
      .toEqual([`added ${key('b')}`, `modified ${key('a')}`, `deleted ${key('b')}`]);
    await expectEqualToFreshList(reflector);
  });

  it('reads a list of several pages', async () => {
    await Promise.all(Array.from({ length: 620 }, async (_, index) => create(`paged-${index}`)));
    const reflector = await started();
    expect(reflector.list()).toHaveLength(620);
  });

  it('sees an object come and go with its label', async () => {
    await create('labelled');
    const reflector = await started({ labelSelector: 'app=x' });
    const label = async (app: string): Promise<unknown> =>
      kube.raw.request({
        method: 'PATCH',
        path: `${path}/labelled`,
        body: { metadata: { labels: { app } } },
      });
    await label('y');
    await expect.poll(() => reflector.list()).toHaveLength(0);
    await label('x');
    await expect.poll(() => reflector.list()).toHaveLength(1);
  });

  it('gets metadata only when it asks for no more', async () => {
    await create('whole', '1');
    const seen: object[] = [];
    const source = kube.listWatch<ConfigMap>({ path, metadataOnly: true });
    const transform = (raw: ConfigMap): string => {
      seen.push(raw);
      return raw.metadata.name;
    };
    const reflector = createReflector({ source, transform, logger: silentLogger, metrics });
    loops.push(reflector.start(stop.signal));
    await reflector.synced;
    await create('later', '1');
    await expect.poll(() => reflector.list()).toEqual(['whole', 'later']);
    for (const raw of seen) expect(raw).not.toHaveProperty('data');
  });

  it('tells a deleted and re-created object as two, also when nobody watched meanwhile', {
    timeout: 60_000,
  }, async () => {
    await create('twin');
    const reflector = await started();
    const old = reflector.get(key('twin'));
    const told: Change<Kept>[] = [];
    reflector.onChange((event) => told.push(event));
    await remove('twin');
    await create('twin');
    await expect.poll(() => told.map(({ kind }) => kind)).toEqual(['deleted', 'added']);
    expect(told[0]?.object.uid).toBe(old?.uid);
    expect(reflector.get(key('twin'))?.uid).not.toBe(old?.uid);
  });

  it('leaves out a malformed object, counts it, and takes it when it is mended', async () => {
    await create('good');
    await create('bad', 'nonsense');
    const reflector = await started();
    expect(reflector.list().map(({ name }) => name)).toEqual(['good']);
    expect(reflector.malformedKeys()).toEqual([key('bad')]);
    await change('bad', 'sense');
    await expect.poll(() => reflector.get(key('bad'))?.value).toBe('sense');
    expect(reflector.malformedKeys()).toEqual([]);
    const { text } = await metrics.scrape();
    expect(text).toMatch(/reflector_malformed_objects_total\{resource="configmaps"\} [1-9]/);
  });

  it('goes on after the apiserver was killed, within 3 s of its return', { timeout: 120_000 }, async () => {
    for (let index = 0; index < 20; index++) await create(`kept-${index}`);
    const reflector = await started();
    await apiserver.kill9();
    await sleep(3_000);
    await apiserver.restart();
    const returned = performance.now();
    await change('kept-1', 'after');
    await remove('kept-2');
    await create('new');
    await expect.poll(() => reflector.get(key('new'))?.name, { timeout: 10_000, interval: 20 }).toBe('new');
    expect(performance.now() - returned).toBeLessThan(3_000);
    await expectEqualToFreshList(reflector);
    expect(reflector.state.kind).toBe('watching');
  });

  it('loses nothing while the apiserver is frozen, with and without a call that shows it', {
    timeout: 120_000,
  }, async () => {
    await create('a');
    const reflector = await started();
    for (const [value, call] of [
      ['after silence', false],
      ['after a call', true],
    ] as const) {
      apiserver.pause();
      // The call's headers are late after 5 s; undici then asks for a PING, and drops the session 5 s later.
      if (call) await kube.raw.request({ method: 'GET', path, deadlineMs: 9_000 }).catch(() => {});
      await sleep(2_000);
      apiserver.resume();
      const resumed = performance.now();
      await change('a', value);
      await expect.poll(() => reflector.get(key('a'))?.value, { timeout: 10_000, interval: 20 }).toBe(value);
      expect(performance.now() - resumed).toBeLessThan(3_000);
      await expectEqualToFreshList(reflector);
    }
  });

  it('lists again when its version is too old for the server', { timeout: 120_000 }, async () => {
    await create('a');
    await create('gone');
    const source = kube.listWatch<ConfigMap>({ path });
    let held: Promise<void> | undefined;
    let cut = new AbortController();
    const codes: unknown[] = [];
    const holding: typeof source = {
      ...source,
      async *watch(request) {
        await held;
        try {
          yield* source.watch({ ...request, signal: AbortSignal.any([request.signal, cut.signal]) });
        } catch (error) {
          codes.push((error as KubeError).code);
          throw error;
        }
      },
    };
    const reflector = createReflector({ source: holding, transform: keep, logger: silentLogger, metrics });
    loops.push(reflector.start(stop.signal));
    await reflector.synced;
    const told: string[] = [];
    reflector.onChange(({ kind, key }) => told.push(`${kind} ${key}`));

    const gate = Promise.withResolvers<void>();
    held = gate.promise;
    cut.abort();
    cut = new AbortController();
    await remove('gone');
    await change('a', '1');
    // A restarted server remembers nothing from before its own start, as after a compaction.
    await apiserver.restart();
    gate.resolve();
    await expectEqualToFreshList(reflector, 10_000);
    expect(codes).toContain(410);
    expect(told).toContain(`deleted ${key('gone')}`);
  });

  it('waits without a permission, says so, and goes on when it is given', { timeout: 60_000 }, async () => {
    await create('secretive');
    const user = 'watcher';
    const config = staticConfig(apiserver.url, {
      tls: { ca: await readFile(apiserver.caFile, 'utf8') },
      authorization: `Bearer ${await tokenOf(kube, namespace, user)}`,
    });
    const limited = createKubeClient(config, { metrics: createMetrics(), userAgent: 'reflector-test/1' });
    const source = limited.listWatch<ConfigMap>({ path });
    const reflector = createReflector({ source, transform: keep, logger: silentLogger, metrics });
    loops.push(reflector.start(stop.signal));
    await expect.poll(() => reflector.lastError).toMatch(/^list configmaps in .*: 403 Forbidden: /);
    expect(reflector.isSynced).toBe(false);

    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }];
    await kube.raw.request({
      method: 'POST',
      path: `${rbac}/roles`,
      body: { metadata: { name: user }, rules },
    });
    const subjects = [{ kind: 'ServiceAccount', name: user, namespace }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: user };
    await kube.raw.request({
      method: 'POST',
      path: `${rbac}/rolebindings`,
      body: { metadata: { name: user }, subjects, roleRef },
    });
    await expect.poll(() => reflector.isSynced, { timeout: 30_000 }).toBe(true);
    await expectEqualToFreshList(reflector);
    expect(reflector.lastError).toBeUndefined();
    await limited.close();
  });

  it('stops for good when it is told to', async () => {
    const reflector = await started();
    stop.abort();
    await Promise.all(loops);
    await create('too-late');
    await sleep(100);
    expect(reflector.list()).toEqual([]);
    expect(reflector.state).toEqual({ kind: 'stopped' });
  });
});

async function tokenOf(kube: KubeClient, namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await kube.raw.request({ method: 'POST', path, body: { metadata: { name } } });
  const answer = await kube.raw.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${path}/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  });
  return answer.status.token;
}
