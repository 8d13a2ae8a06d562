/** Logins outside a cluster against a real apiserver: client certificates, exec plugins, proxies, token files. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { kubeconfigLogin } from '../../src/kube/kubeconfig/kubeconfig.ts';
import { createFence } from '../../src/runtime/election/fence.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import { run } from '../cluster/run.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { type ConnectProxy, startConnectProxy } from '../support/network/connect-proxy.ts';

const NODES = '/api/v1/nodes';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let folder: string;
let apiserver: Apiserver;
const open: KubeClient[] = [];
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-login-'));
  await makeCertificate('ca', ['-subj', '/CN=clients', '-addext', 'basicConstraints=critical,CA:TRUE']);
  apiserver = await startApiserver([`--client-ca-file=${at('ca.crt')}`]);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (kube) => kube.close()));
});
afterAll(async () => {
  await apiserver.stop();
  await rm(folder, { recursive: true });
});

async function makeCertificate(name: string, more: readonly string[]): Promise<void> {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)];
  await run(['openssl', 'req', '-x509', ...kind, ...files, ...more]);
}
async function makeClient(name: string): Promise<void> {
  const signed = [
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  const usage = ['-addext', 'extendedKeyUsage=clientAuth'];
  await makeCertificate(name, ['-subj', `/O=system:masters/CN=${name}`, ...signed, ...usage]);
}

/** A client that logs in with this user, and with this cluster in place of the usual one. */
async function client(user: object, cluster: object = {}, more: Partial<Extra> = {}): Promise<KubeClient> {
  const { env = {}, ...options } = more;
  const usual = { server: apiserver.url, 'certificate-authority': apiserver.caFile };
  await writeFile(
    at('kubeconfig'),
    JSON.stringify({
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      users: [{ name: 'test', user }],
      clusters: [{ name: 'test', cluster: { ...usual, ...cluster } }],
    }),
  );
  const config = await kubeconfigLogin({ env: { KUBECONFIG: at('kubeconfig'), ...env } });
  const kube = createKubeClient(config, {
    metrics: createMetrics(),
    userAgent: 'login-test/1',
    deadlineMs: 2_000,
    ...options,
  });
  open.push(kube);
  return kube;
}
interface Extra {
  readonly env: Readonly<Record<string, string>>;
  readonly metrics: Metrics;
  readonly fence: ReturnType<typeof createFence>;
}

async function whoAmI(kube: KubeClient): Promise<string> {
  const review = await kube.raw.request<{ status: { userInfo: { username: string } } }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  return review.status.userInfo.username;
}
const list = async (kube: KubeClient): Promise<unknown> => kube.raw.request({ method: 'GET', path: NODES });

describe('a client certificate', () => {
  it('logs in, and its successor without a restart', async () => {
    await makeClient('alice');
    const files = { 'client-certificate': 'alice.crt', 'client-key': 'alice.key' };
    const kube = await client(files);
    expect(await whoAmI(kube)).toBe('alice');
    await makeClient('bob');
    for (const end of ['crt', 'key']) await writeFile(at(`alice.${end}`), await readFile(at(`bob.${end}`)));
    await expect.poll(async () => whoAmI(kube)).toBe('bob');
  });
});

describe('an exec plugin', () => {
  async function plugin(status: object): Promise<object> {
    await answer(status);
    await writeFile(at('plugin'), '#!/bin/sh\ncat "$(dirname "$0")/answer"\n');
    await chmod(at('plugin'), 0o755);
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin' } };
  }
  const answer = async (status: object): Promise<void> =>
    writeFile(
      at('answer'),
      JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }),
    );
  const serviceAccount = async (name: string): Promise<string> => {
    await apiserver.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } });
    return tokenOf(apiserver, 'default', name);
  };

  it('gives a token, and another one when that has expired', async () => {
    const expirationTimestamp = new Date(Date.now() + 2_000).toISOString();
    const kube = await client(await plugin({ token: await serviceAccount('one'), expirationTimestamp }));
    expect(await whoAmI(kube)).toBe('system:serviceaccount:default:one');
    await answer({ token: await serviceAccount('two') });
    await expect.poll(async () => whoAmI(kube)).toBe('system:serviceaccount:default:two');
  });

  it('is asked again when the server refuses its token', async () => {
    const kube = await client(await plugin({ token: 'revoked' }));
    await expect(whoAmI(kube)).rejects.toMatchObject({ code: 401 });
    await answer({ token: apiserver.token });
    await list(kube);
  });

  it('that fails is the reason of the call that fails, until it works again', async () => {
    const expirationTimestamp = new Date(Date.now() + 1_000).toISOString();
    const kube = await client(await plugin({ token: apiserver.token, expirationTimestamp }));
    await list(kube);
    await writeFile(at('plugin'), '#!/bin/sh\necho "run example-login" >&2; exit 1\n');
    const reason = async () => list(kube).catch(({ message }: Error) => message);
    await expect
      .poll(reason)
      .toBe(`list nodes: LoginFailed: exec plugin ${at('plugin')} failed: run example-login`);
    await plugin({ token: apiserver.token });
    await list(kube);
  });
});

describe('a token file', () => {
  it('is read again when the server refuses the token', async () => {
    await writeFile(at('token'), 'old\n');
    const kube = await client({ tokenFile: 'token' });
    await expect(whoAmI(kube)).rejects.toMatchObject({ code: 401 });
    await writeFile(at('token'), `${apiserver.token}\n`);
    expect(await whoAmI(kube)).toBe('admin');
  });
});

describe('impersonation', () => {
  it('is passed on', async () => {
    const kube = await client({ token: apiserver.token, as: 'carol' });
    expect(await whoAmI(kube)).toBe('carol');
    await expect(list(kube)).rejects.toMatchObject({ code: 403 });
  });
});

describe('the certificate of the server', () => {
  const admin = () => ({ token: apiserver.token });
  const noCa = { 'certificate-authority': undefined };

  it('is not checked with insecure-skip-tls-verify, and only then', async () => {
    await expect(list(await client(admin(), noCa))).rejects.toMatchObject({ reason: 'TlsFailure' });
    await list(await client(admin(), { ...noCa, 'insecure-skip-tls-verify': true }));
  });

  it('must be for tls-server-name', async () => {
    await list(await client(admin(), { 'tls-server-name': 'kubernetes.default' }));
    await expect(list(await client(admin(), { 'tls-server-name': 'other' }))).rejects.toMatchObject({
      reason: 'TlsFailure',
    });
  });
});

describe('a proxy', () => {
  /** A name that only the proxy can resolve. */
  const elsewhere = { server: 'https://api.example.invalid:6443', 'tls-server-name': 'kubernetes.default' };
  const target = 'CONNECT api.example.invalid:6443';
  let proxy: ConnectProxy;
  beforeAll(async () => {
    proxy = await startConnectProxy(Number(new URL(apiserver.url).port));
  });
  afterAll(async () => proxy.close());

  it('from the kubeconfig or the environment leads to the server, also for watches', async () => {
    const user = { token: apiserver.token };
    const url = `http://127.0.0.1:${proxy.port}`;
    for (const [name, cluster, env] of [
      ['from-kubeconfig', { ...elsewhere, 'proxy-url': url }, {}],
      ['from-environment', elsewhere, { HTTPS_PROXY: url }],
    ] as const) {
      const before = proxy.asked.length;
      const metrics = createMetrics();
      const kube = await client(user, cluster, { env, metrics });
      const stop = new AbortController();
      const { signal } = stop;
      const source = kube.listWatch({ path: CONFIG_MAPS });
      const { resourceVersion } = await source.list({ limit: 500, signal });
      const events = source.watch({ resourceVersion, timeoutSeconds: 30, signal })[Symbol.asyncIterator]();
      const event = events.next();
      await kube.raw.request({ method: 'POST', path: CONFIG_MAPS, body: { metadata: { name } } });
      await expect(event).resolves.toMatchObject({
        value: { kind: 'added', object: { metadata: { name } } },
      });
      stop.abort();
      // Over one HTTP/2 session, as without a proxy.
      expect(proxy.asked.slice(before)).toEqual([target]);
      expect((await metrics.apiConnections.get()).values[0]?.value).toBe(1);
    }
  });

  it('leads the writes of a leader too, and they are cut off when the lease is lost', async () => {
    const fence = createFence();
    const cluster = { ...elsewhere, 'proxy-url': `http://127.0.0.1:${proxy.port}` };
    const kube = await client({ token: apiserver.token }, cluster, { fence });
    const create = async (name: string) =>
      kube.raw.request({ method: 'POST', path: CONFIG_MAPS, body: { metadata: { name } } });
    await expect(create('unfenced')).rejects.toMatchObject({ reason: 'NotLeading' });
    fence.open(performance.now() + 10_000);
    await create('fenced');
    expect(proxy.asked.at(-1)).toBe(target);
    const before = proxy.resets;
    fence.close(new Error('another process leads'));
    await expect.poll(() => proxy.resets).toBe(before + 1);
    await expect(create('too-late')).rejects.toThrow(/NotLeading: .*another process leads/);
  });

  it('that refuses is the reason of each call that fails', async () => {
    const refusing = await startConnectProxy(0);
    refusing.refuse(407);
    const cluster = { 'proxy-url': `http://127.0.0.1:${refusing.port}` };
    const kube = await client({ token: apiserver.token }, cluster);
    await expect(list(kube)).rejects.toThrow(
      /list nodes: Unreachable: proxy 127\.0\.0\.1:\d+: CONNECT 127\.0\.0\.1:\d+ was refused: 407 Refused/,
    );
    await refusing.close();
  });
});
