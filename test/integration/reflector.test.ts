/** The reflector on a real apiserver without faults, which are in reflector-faults.test.ts. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DNS_SELECTORS } from '../../src/api/keys.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { staticConfig } from '../../src/kube/config.ts';
import type { ListWatchOptions } from '../../src/kube/list-watch.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import type { ListWatch, RawObject } from '../../src/runtime/reflector/list-watch.ts';
import { createReflector, type Reflector } from '../../src/runtime/reflector/reflector.ts';
import { uniteReflectors } from '../../src/runtime/reflector/united-reflector.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';

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

  async function expectEqualToFreshList(reflector: Reflector<Kept>): Promise<void> {
    const byName = (a: Kept, b: Kept): number => a.name.localeCompare(b.name);
    const { items } = await kube.raw.request<{ items: readonly ConfigMap[] }>({ method: 'GET', path });
    const fresh = items.map(keep).sort(byName);
    await expect.poll(() => [...reflector.list()].sort(byName)).toEqual(fresh);
  }

  it('follows what is created, changed and deleted', async () => {
    await create('a');
    const reflector = await started();
    const reported: string[] = [];
    reflector.onChange(({ kind, key }) => reported.push(`${kind} ${key}`));
    await create('b');
    await change('a', '1');
    await remove('b');
    await expect
      .poll(() => reported)
      .toEqual([`added ${key('b')}`, `modified ${key('a')}`, `deleted ${key('b')}`]);
    await expectEqualToFreshList(reflector);
  });

  it('reads a list as a stream, and where there is none in pages', async () => {
    // In turns: all at once they would wait for each other longer than the client waits for an answer.
    for (let made = 0; made < 620; made += 20)
      await Promise.all(Array.from({ length: 20 }, async (_, index) => create(`paged-${made + index}`)));
    const lists = async (): Promise<number> => {
      const { values } = await metrics.apiRequests.get();
      return values.filter(({ labels }) => labels.verb === 'list').reduce((sum, { value }) => sum + value, 0);
    };
    const before = await lists();
    const streamed = await started();
    expect(await lists()).toBe(before);
    const whole = kube.listWatch<ConfigMap>({ path });
    const source: ListWatch<ConfigMap> = {
      what: whole.what,
      list: async (request) => whole.list(request),
      watch: (request) => whole.watch(request),
    };
    const paged = createReflector({ source, transform: keep, logger: silentLogger, metrics });
    loops.push(paged.start(stop.signal));
    await paged.synced;
    expect(await lists()).toBeGreaterThan(before + 1);
    for (const reflector of [streamed, paged]) {
      expect(reflector.list()).toHaveLength(620);
      await change('paged-1', `beside ${reflector.list().length}`);
      await expectEqualToFreshList(reflector);
    }
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

  it('receives only the metadata when it asks for no more', async () => {
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

  it('leaves out a malformed object, counts it, and takes it when it is fixed', async () => {
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

  it('sees each object with one of the labels of DNS pods through exactly one of their selectors', async () => {
    const labelled = async (name: string, labels: object) =>
      kube.raw.request({ method: 'POST', path, body: { metadata: { name, labels } } });
    await labelled('kubeadm', { 'k8s-app': 'kube-dns' });
    await labelled('chart', { 'k8s-app': 'coredns', 'app.kubernetes.io/name': 'coredns' });
    await labelled('release', { 'k8s-app': 'release-coredns', 'app.kubernetes.io/name': 'coredns' });
    await labelled('plain', { 'app.kubernetes.io/name': 'coredns' });
    await labelled('other', { 'k8s-app': 'other', 'app.kubernetes.io/name': 'other' });
    const parts = await Promise.all(DNS_SELECTORS.map(async (labelSelector) => started({ labelSelector })));
    const names = () =>
      parts.map((part) =>
        part
          .list()
          .map(({ name }) => name)
          .toSorted(),
      );
    expect(names()).toEqual([
      ['chart', 'kubeadm'],
      ['plain', 'release'],
    ]);

    const [first, second] = parts;
    if (!first || !second) throw new Error('there are two selectors');
    const whole = uniteReflectors([first, second], ({ uid }) => uid);
    const body = { metadata: { labels: { 'k8s-app': 'coredns' } } };
    await kube.raw.request({ method: 'PATCH', path: `${path}/plain`, body });
    await expect.poll(names).toEqual([['chart', 'kubeadm', 'plain'], ['release']]);
    await remove('plain');
    await expect.poll(() => whole.get(key('plain'))).toBeUndefined();
  });

  it('stops for good when its signal aborts', async () => {
    const reflector = await started();
    stop.abort();
    await Promise.all(loops);
    // What this one has seen, the first one would have seen too.
    stop = new AbortController();
    const running = await started();
    await create('too-late');
    await expectEqualToFreshList(running);
    expect(reflector.list()).toEqual([]);
    expect(reflector.state).toEqual({ kind: 'stopped' });
  });
});
