/** The reflector in every trouble that a cluster makes: afterwards nothing is lost, and it is back in time. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type ClusterConfig, staticConfig } from '../../src/kube/config.ts';
import { inClusterConfig } from '../../src/kube/in-cluster-config.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { PORTS, startBlackHole } from '../support/network/black-hole.ts';
import { startHttpProxy } from '../support/network/http-proxy.ts';
import { startTcpProxy } from '../support/network/tcp-proxy.ts';
import { type Follower, follow } from './follower.ts';

let apiserver: Apiserver;
let ca: string;
let rounds = 0;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  apiserver = await startApiserver();
  ca = await readFile(apiserver.caFile, 'utf8');
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await apiserver.stop();
});

/** Ends with the test. */
function ends<T extends { close(): Promise<void> }>(started: T): T {
  closing.push(async () => started.close());
  return started;
}
/** By another address than that of the certificate. */
const at = (url: string): ClusterConfig =>
  staticConfig(url, {
    tls: { ca, servername: 'kubernetes.default' },
    authorization: `Bearer ${apiserver.token}`,
  });

async function aNamespace(): Promise<string> {
  const name = `round-${++rounds}`;
  await apiserver.call('POST', '/api/v1/namespaces', { metadata: { name } });
  return name;
}

/** Follows the config maps of a new namespace. */
async function following(config: ClusterConfig = at(apiserver.url), namespace?: string): Promise<Follower> {
  const path = `/api/v1/namespaces/${namespace ?? (await aNamespace())}/configmaps`;
  const follower = await follow(apiserver, config, path);
  closing.push(async () => follower.stop());
  return follower;
}

it('recovers when the apiserver is killed and restarted', async () => {
  const follower = await following();
  await apiserver.kill9();
  await expect.poll(() => follower.reflector.lastError).toMatch(/Unreachable/);
  await apiserver.restart();
  await follower.churn();
  await follower.expectNothingLost();
});

it('recovers when the apiserver is frozen for 60 s, with and without a call that times out', async () => {
  const [calling, silent] = [await following(), await following()];
  await Promise.all([calling.churn(), silent.churn()]);
  await apiserver.pause();
  try {
    const call = calling.kube.raw.request({ method: 'GET', path: '/version', deadlineMs: 9_000 });
    await expect(call).rejects.toMatchObject({ reason: 'Timeout' });
    await sleep(51_000);
  } finally {
    apiserver.resume();
  }
  await Promise.all([calling.churn(), silent.churn()]);
  await calling.expectNothingLost();
  await silent.expectNothingLost();
});

it('recovers when connections are reset, once and for a while', async () => {
  const proxy = ends(await startTcpProxy(Number(new URL(apiserver.url).port)));
  const follower = await following(at(`https://127.0.0.1:${proxy.port}`));
  proxy.reset();
  await follower.churn();
  await follower.expectNothingLost();
  proxy.down();
  await follower.churn();
  await expect.poll(() => follower.reflector.lastError).toMatch(/Unreachable/);
  proxy.up();
  await follower.expectNothingLost();
  // One connection after each trouble, not one for each try that failed later.
  expect((await follower.metrics.apiConnections.get()).values[0]?.value).toBeLessThan(20);
});

it.each<[string, number, Record<string, string>]>([
  ['503', 503, {}],
  ['503 with Retry-After', 503, { 'retry-after': '1' }],
  ['429 with Retry-After', 429, { 'retry-after': '1' }],
  ['500', 500, {}],
  ['410', 410, {}],
])('recovers when the server answers %s', async (_name, code, headers) => {
  const proxy = ends(await startHttpProxy(apiserver, ca));
  const follower = await following(at(proxy.url));
  proxy.refuse(code, headers);
  await follower.churn();
  await expect.poll(() => proxy.refused).toBeGreaterThanOrEqual(2);
  proxy.pass();
  await follower.expectNothingLost();
});

it.each([
  ['of 500', { type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError' } }],
  ['of 410', { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }],
  ['that makes no sense', { type: 'WHAT', object: {} }],
])('recovers from an error %s inside the stream', async (_name, event) => {
  const proxy = ends(await startHttpProxy(apiserver, ca));
  const follower = await following(at(proxy.url));
  proxy.inject(event);
  await follower.churn();
  await follower.expectNothingLost();
  expect((await follower.metrics.watchFailures.get()).values[0]?.value).toBeGreaterThanOrEqual(1);
});

it('lists again when its version was compacted while it was disconnected', async () => {
  const proxy = ends(await startTcpProxy(Number(new URL(apiserver.url).port)));
  const follower = await following(at(`https://127.0.0.1:${proxy.port}`));
  proxy.down();
  await follower.churn();
  await apiserver.compact();
  // Its memory of the past begins with its start.
  await apiserver.restart();
  proxy.up();
  await follower.expectNothingLost();
  const { values } = await follower.metrics.lists.get();
  expect(values[0]?.value, 'it was read anew').toBe(2);
  expect(follower.told).toContain('deleted deleted-0');
});

it('recovers when the network drops packets: of an idle watch, of a watch with a call, and all for 12 s', async () => {
  const hole = ends(await startBlackHole(Number(new URL(apiserver.url).port)));
  const [idle, calling, whole] = await Promise.all(
    PORTS.map(async (port) => following(at(`https://${hole.host}:${port}`))),
  );
  if (!idle || !calling || !whole) throw new Error('three ways were asked for');
  await Promise.all([hole.swallowOpen(PORTS[0]), hole.swallowOpen(PORTS[1]), hole.swallowAll(PORTS[2])]);
  const swallowed = sleep(12_000);
  const call = calling.kube.raw.request({ method: 'GET', path: '/version', deadlineMs: 9_000 });
  for (const follower of [idle, calling, whole]) await follower.churn();
  await expect(call).rejects.toMatchObject({ code: 0 });
  await swallowed;
  await hole.release(PORTS[2]);
  await Promise.all([idle, calling, whole].map(async (each) => each.expectNothingLost()));
});

it('recovers when the permission to watch is revoked and granted again', async () => {
  const namespace = await aNamespace();
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'watcher' };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }];
  await apiserver.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
  await apiserver.call('POST', `${rbac}/roles`, { metadata, rules });
  await apiserver.call('POST', `${rbac}/rolebindings`, {
    metadata,
    subjects: [{ kind: 'ServiceAccount', name: 'watcher', namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'watcher' },
  });
  const authorization = `Bearer ${await tokenOf(apiserver, namespace, 'watcher')}`;
  const proxy = ends(await startTcpProxy(Number(new URL(apiserver.url).port)));
  const url = `https://127.0.0.1:${proxy.port}`;
  const follower = await following(
    staticConfig(url, { tls: { ca, servername: 'kubernetes.default' }, authorization }),
    namespace,
  );
  await apiserver.call('DELETE', `${rbac}/roles/watcher`);
  proxy.reset();
  await follower.churn();
  await expect.poll(() => follower.reflector.lastError).toMatch(/^watch configmaps in .*: 403 Forbidden: /);
  expect(follower.reflector.wedged).toBe(false);
  await apiserver.call('POST', `${rbac}/roles`, { metadata, rules });
  await follower.expectNothingLost();
});

it('reports a node that is deleted and created again under the same name as two changes, connected or not', async () => {
  const proxy = ends(await startTcpProxy(Number(new URL(apiserver.url).port)));
  const follower = await follow(apiserver, at(`https://127.0.0.1:${proxy.port}`), '/api/v1/nodes');
  closing.push(async () => follower.stop());
  const tellsTwo = async (): Promise<void> => {
    const before = follower.told.length;
    const old = follower.reflector.get('recreated')?.uid;
    await follower.churn();
    proxy.up();
    await follower.expectNothingLost();
    const told = follower.told.slice(before).filter((change) => change.endsWith(' recreated'));
    expect(told).toEqual(['deleted recreated', 'added recreated']);
    expect(follower.reflector.get('recreated')?.uid).not.toBe(old);
  };
  await tellsTwo();
  proxy.down();
  await tellsTwo();
});

it('recovers when the token and the certificate authority are rotated', async () => {
  const namespace = await aNamespace();
  const metadata = { name: 'rotated' };
  await apiserver.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata });
  await apiserver.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata,
    subjects: [{ kind: 'ServiceAccount', name: 'rotated', namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  });
  const directory = await mkdtemp(join(tmpdir(), 'dnshealth-service-account-'));
  closing.push(async () => rm(directory, { recursive: true }));
  const mount = async (): Promise<void> => {
    await writeFile(join(directory, 'ca.crt'), await readFile(apiserver.caFile, 'utf8'));
    await writeFile(join(directory, 'token'), await tokenOf(apiserver, namespace, 'rotated'));
  };
  await writeFile(join(directory, 'namespace'), namespace);
  await mount();
  const { hostname, port } = new URL(apiserver.url);
  const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const follower = await following(await inClusterConfig({ env, directory }), namespace);

  await apiserver.restartAsAnother();
  await expect.poll(() => follower.reflector.lastError).toMatch(/TlsFailure/);
  await mount();
  await follower.churn();
  await follower.expectNothingLost();
});
