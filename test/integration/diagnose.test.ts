/** `kubectl dnshealth diagnose` against a real API server, with the rights of different users; there are no kubelets. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/plugin/cluster/connect.ts';
import type { Report } from '../../src/plugin/diagnose/report.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { COREFILE, healthyPod, loopingPod } from '../support/objects/dns-cluster.ts';
import { aRawNode } from '../support/objects/raw-objects.ts';
import { runPlugin } from '../support/objects/run-plugin.ts';

const SYSTEM = '/api/v1/namespaces/kube-system';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

let server: Apiserver;
let folder: string;
beforeAll(async () => {
  server = await startApiserver();
  folder = await mkdtemp(join(tmpdir(), 'diagnose-'));
  for (const name of ['nobody', 'viewer', 'reader'])
    await created(`${SYSTEM}/serviceaccounts`, { metadata: { name } });
  await allow('viewer', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
  await allow('reader', [
    {
      apiGroups: [''],
      resources: ['pods', 'services', 'events', 'configmaps', 'nodes'],
      verbs: ['get', 'list'],
    },
    { apiGroups: [''], resources: ['pods/log', 'nodes/proxy', 'pods/proxy'], verbs: ['get'] },
    { apiGroups: ['apps'], resources: ['replicasets', 'deployments'], verbs: ['get'] },
  ]);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function created(path: string, object: object): Promise<void> {
  const { status, body } = await server.call('POST', path, object);
  if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`);
}
async function allow(user: string, rules: readonly object[]): Promise<void> {
  await created(`${RBAC}/clusterroles`, { metadata: { name: user }, rules });
  await created(`${RBAC}/clusterrolebindings`, {
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
    subjects: [{ kind: 'ServiceAccount', name: user, namespace: 'kube-system' }],
  });
}
/** The API server takes the status of a pod only in a call of its own. */
async function createdPod(pod: object): Promise<void> {
  const { metadata, spec, status } = pod as {
    metadata: Record<string, unknown>;
    spec: object;
    status: object;
  };
  const { uid: _uid, resourceVersion: _version, ownerReferences: _owner, ...rest } = metadata;
  await created(`${SYSTEM}/pods`, { metadata: rest, spec });
  const answer = await server.call(
    'PATCH',
    `${SYSTEM}/pods/${String(metadata['name'])}/status`,
    { status },
    {
      contentType: 'application/strategic-merge-patch+json',
    },
  );
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

async function diagnose(user: string, args = '') {
  const kubeconfig = join(folder, `${user}.kubeconfig`);
  const token = user === 'admin' ? server.token : await tokenOf(server, 'kube-system', user);
  const admin = await readFile(server.kubeconfigPath, 'utf8');
  await writeFile(kubeconfig, admin.replaceAll(server.token, token));
  return runPlugin(`diagnose ${args}`, { env: { KUBECONFIG: kubeconfig }, connect });
}

describe('in a cluster without CoreDNS', () => {
  it('says which labels it looked for', async () => {
    const { code, err } = await diagnose('admin');
    expect(code).toBe(2);
    expect(err).toMatch(/^error: there is no DNS pod in the namespace kube-system .* k8s-app=kube-dns, /);
  });
});

describe('in a cluster with a looping and a healthy pod', () => {
  beforeEach(async () => {
    if ((await server.call('GET', `${SYSTEM}/pods/coredns-sick`)).status === 200) return;
    for (const name of ['node-1', 'node-2']) {
      const { metadata: _metadata, ...node } = aRawNode();
      await created('/api/v1/nodes', { ...node, metadata: { name } });
    }
    await created(`${SYSTEM}/configmaps`, { metadata: { name: 'coredns' }, data: { Corefile: COREFILE } });
    await createdPod(loopingPod());
    await createdPod(healthyPod());
  });

  it('names the verb and the object that a user without rights lacks', async () => {
    expect(await diagnose('nobody')).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(
        /^error: no permission to list pods in kube-system: .*cannot list resource "pods"/,
      ),
    });
  });

  it('goes on with the right to list pods alone, and names every other right that it asked for', async () => {
    const { code, out } = await diagnose('viewer', '-o json');
    const { verdict, forbidden, pods }: Report = JSON.parse(out);
    expect(code).toBe(1);
    expect(verdict).toMatchObject({ pods: 2, healthy: false });
    expect(forbidden).toEqual([
      'create and get pods/portforward in kube-system',
      'get configmap kubelet-config in kube-system',
      'get configmaps in kube-system',
      'get nodes',
      'get nodes/proxy',
      'get pods/log',
      'get pods/proxy',
      'list dnshealthpolicies',
      'list dnsremediations',
      'list events in default',
      'list events in kube-system',
      'list services in kube-system',
    ]);
    expect(pods[0]?.missing.map(({ why }) => why)).toContain('You have no permission to get nodes/proxy.');
  });

  it('says of kubelets that cannot be reached what it could not read', async () => {
    const { pods }: Report = JSON.parse((await diagnose('reader', '--node node-1 -o json')).out);
    expect(pods).toHaveLength(1);
    expect(
      pods[0]?.missing.find(({ what }) => what.startsWith('the configuration of the running')),
    ).toMatchObject({
      why: expect.stringMatching(/^It could not be read: /),
      command: 'kubectl get --raw "/api/v1/nodes/node-1/proxy/configz"',
    });
  });

  it('reads what kubeadm declares for the kubelets, with one request', async () => {
    const kubelet =
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nresolvConf: [oops]\n';
    await created(`${SYSTEM}/configmaps`, { metadata: { name: 'kubelet-config' }, data: { kubelet } });
    const since = (await readFile(server.auditLogPath, 'utf8')).length;
    const { pods }: Report = JSON.parse((await diagnose('reader', '-o json')).out);
    expect(pods[0]?.missing).toContainEqual({
      what: 'what kubeadm declares for the kubelets of the cluster',
      why: expect.stringContaining('ConfigMap kube-system/kubelet-config'),
      command: 'kubectl -n kube-system get configmap kubelet-config -o yaml',
    });
    const asked = (await readFile(server.auditLogPath, 'utf8')).slice(since);
    expect(asked.split('\n').filter((line) => line.includes('/configmaps/kubelet-config"'))).toHaveLength(1);
  });

  it('writes nothing', async () => {
    const since = (await readFile(server.auditLogPath, 'utf8')).length;
    await diagnose('admin');
    const events = (await readFile(server.auditLogPath, 'utf8')).slice(since).trim().split('\n');
    const verbs = new Set(events.map((line) => (JSON.parse(line) as { verb: string }).verb));
    expect([...verbs].filter((verb) => !['get', 'list'].includes(verb))).toEqual([]);
  });
});
