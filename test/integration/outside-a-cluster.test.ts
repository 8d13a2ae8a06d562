/** The operator started outside a cluster with a kubeconfig, as `make run` does, against a real apiserver. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { startInstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { LEASE, type OperatorProcess, startOutside } from '../support/apiserver/operator-process.ts';
import { startConnectProxy } from '../support/network/connect-proxy.ts';
import { HANG_MS } from '../support/patience.ts';

const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';

let folder: string;
let server: Apiserver;
let operator: OperatorProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outside-'));
  server = await startInstalledApiserver();
});
afterEach(async () => {
  await operator?.remove();
  operator = undefined;
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Starts it with this user and cluster; the kubeconfig is the default one of its home directory. */
async function start(user: object, cluster: object = {}): Promise<OperatorProcess> {
  const kubeconfig = {
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'elsewhere' } }],
    users: [{ name: 'test', user }],
    clusters: [
      {
        name: 'test',
        cluster: { server: server.url, 'certificate-authority': server.caFile, ...cluster },
      },
    ],
  };
  await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
  return startWith({ KUBECONFIG: join(folder, 'kubeconfig') });
}
async function startWith(env: Readonly<Record<string, string | undefined>>): Promise<OperatorProcess> {
  operator = await startOutside(server, { HOME: folder, ...env });
  return operator;
}

it('leads with the Lease of the installed operator and works, through an exec plugin and a proxy', async () => {
  const proxy = await startConnectProxy(Number(new URL(server.url).port));
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
  const answer = JSON.stringify({ ...credential, status: { token: server.token } });
  await writeFile(join(folder, 'plugin'), `#!/bin/sh\necho '${answer}'\n`);
  await chmod(join(folder, 'plugin'), 0o755);
  const process = await start(
    { exec: { apiVersion: credential.apiVersion, command: './plugin' } },
    {
      server: 'https://api.example.invalid:6443',
      'tls-server-name': 'kubernetes.default',
      'proxy-url': `http://127.0.0.1:${proxy.port}`,
    },
  );
  await process.becomesReady();
  await server.call('POST', POLICIES, {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name: 'watched' },
    spec: {},
  });
  const condition = await until(
    async () => {
      const { body } = await server.call('GET', `${POLICIES}/watched`);
      return body.status?.conditions?.find(({ type }: { type: string }) => type === 'Active');
    },
    { what: 'the policy to get its status', timeoutMs: HANG_MS },
  );
  expect(condition).toMatchObject({ status: 'False', reason: 'WorkloadNotFound' });
  expect((await server.call('GET', LEASE)).body.spec.holderIdentity).toContain('_');
  process.signal('SIGTERM');
  expect(await process.ended).toBe(0);
  expect(process.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  await proxy.close();
});

/** The exit code, and the errors of all log lines above the level of information. */
async function ending(process: OperatorProcess) {
  const exitCode = await process.ended;
  return { exitCode, bad: process.lines.filter(({ level }) => level !== 'info') };
}
const refusal = (message: RegExp) => ({
  exitCode: 1,
  bad: [{ level: 'fatal', msg: 'operator cannot start', error: { message: expect.stringMatching(message) } }],
});

it('ends with a clear error if there is no kubeconfig', async () => {
  const process = await startWith({});
  expect(await ending(process)).toMatchObject(
    refusal(
      /^no kubeconfig found: \$KUBECONFIG is not set, and the default file \(.*\.kube\/config\) does not exist/,
    ),
  );
});

it('ends with a clear error if the image of the agent is not set', async () => {
  const process = await startWith({ AGENT_IMAGE: undefined, KUBECONFIG: server.kubeconfigPath });
  expect(await ending(process)).toMatchObject(
    refusal(
      /^invalid environment: AGENT_IMAGE: the image of the repair Job and of checks is required, for example/,
    ),
  );
});

it('ends with a clear error if the exec plugin fails', async () => {
  const process = await start({
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'example-login' },
  });
  expect(await ending(process)).toMatchObject(
    refusal(/^exec plugin example-login cannot be started: spawn example-login ENOENT/),
  );
});

it('ends with a clear error if the API server cannot be reached', async () => {
  const process = await start({ token: server.token }, { server: 'https://127.0.0.1:1' });
  expect(await ending(process)).toMatchObject(
    refusal(/^get services default\/kubernetes: Unreachable: connect ECONNREFUSED 127\.0\.0\.1:1$/),
  );
});

it('ends with a clear error if the user has no permission', async () => {
  await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'guest' } });
  const token = await tokenOf(server, 'default', 'guest');
  const process = await start({ token });
  expect(await ending(process)).toMatchObject(
    refusal(/^get services default\/kubernetes: 403 Forbidden: .* cannot get resource "services"/),
  );
});
