/** What a stolen token of the operator reaches, according to a real apiserver with the admission policies of the installation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type InstalledApiserver,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { createAll, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { checkMutants } from '../support/mutants/checks.ts';
import { editorMutants } from '../support/mutants/editors.ts';
import { inspectionMutants, namespaceMutants, repairMutants } from '../support/mutants/jobs.ts';
import { MERGE, type Mutant } from '../support/mutants/mutant.ts';
import { HELD, NODE_MUTANTS, NODES } from '../support/mutants/nodes.ts';
import {
  checkOfNode,
  checkOfPod,
  inspection,
  inspectionOfNode,
  proof,
  remediation,
  repair,
  rollback,
} from '../support/mutants/originals.ts';
import { aRecord, COREDNS, deletions, ENDED, OPEN, OTHER_MUTANTS, PODS } from '../support/mutants/others.ts';

const OPERATOR = 'system:serviceaccount:dnshealth-system:dnshealth-operator';
const RECORDS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
let server: InstalledApiserver;
beforeAll(async () => {
  server = await startInstalledApiserver();
  // Everything but the policies themselves, so that admission alone decides.
  await createAll(server, [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'much-too-much' },
      rules: [
        '',
        'apps',
        'batch',
        'certificates.k8s.io',
        'coordination.k8s.io',
        'dnshealth.io',
        'events.k8s.io',
        'policy',
        'rbac.authorization.k8s.io',
      ].map((group) => ({ apiGroups: [group], resources: ['*'], verbs: ['*'] })),
    },
  ]);
  await created('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'much-too-much' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'much-too-much' },
    subjects: [{ kind: 'ServiceAccount', name: 'dnshealth-operator', namespace: 'dnshealth-system' }],
  });
  await created('/apis/dnshealth.io/v1alpha1/dnshealthpolicies', {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name: 'default' },
    spec: { mode: 'Observe', pause: [{ reason: 'a freeze', by: 'anna' }] },
  });
  await created('/apis/apps/v1/namespaces/dnshealth-system/deployments', {
    metadata: { name: 'dnshealth-operator' },
    spec: {
      selector: { matchLabels: { app: 'x' } },
      template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'c' }] } },
    },
  });
  await created('/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'coredns' } });
  await created('/api/v1/namespaces/kube-system/serviceaccounts', { metadata: { name: 'default' } });
});
afterAll(async () => {
  await server.stop();
});

/** @throws unless the call was answered with success */
function succeeded<T extends { readonly status: number; readonly body: unknown }>(answer: T): T {
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return answer;
}

async function created(path: string, body: object): Promise<{ readonly metadata: { readonly uid: string } }> {
  return succeeded(await server.call('POST', path, body)).body;
}

const asOperator = async ({ method, path, body, contentType }: Omit<Mutant, 'what' | 'deniedBy'>) =>
  server.call(method, path, typeof body === 'function' ? body() : body, {
    token: server.operatorToken,
    ...(contentType && { contentType }),
  });

async function expectDenied(mutant: Mutant): Promise<void> {
  const { status, body } = await asOperator(mutant);
  expect(body.message).toContain(`ValidatingAdmissionPolicy '${mutant.deniedBy}`);
  expect(status).toBe(403);
}

describe('what the operator itself creates passes', () => {
  it.each([
    ['a repair', repair()],
    ['a repair in one directory', repair(['/etc/sysconfig'])],
    ['a repair of a file alone', repair(undefined, { restart: false })],
    [
      'a repair of an approved plan',
      repair(undefined, {
        nodeIP: '192.0.2.11',
        approved: {
          changes: 'File',
          file: '/etc/default/kubelet',
          line: 1,
          setting: 'KUBELET_EXTRA_ARGS="--resolv-conf=/etc/resolv.conf" in /etc/default/kubelet:1',
          target: '/run/systemd/resolve/resolv.conf',
          sha256Before: 'a'.repeat(64),
          sha256After: 'b'.repeat(64),
        },
      }),
    ],
    ['a rollback', rollback],
    ['an inspection for a plan', inspection(false)],
    ['an inspection after repairs', inspection(true)],
    ['an inspection of the files of a node', inspectionOfNode],
  ])('%s', async (_what, body) => {
    const answer = await asOperator({ method: 'POST', path: JOBS, body });
    expect([answer.status, answer.body.message]).toEqual([201, undefined]);
    const { status } = await asOperator({
      method: 'DELETE',
      path: `${JOBS}/${body.metadata?.name}`,
      body: { propagationPolicy: 'Background' },
    });
    expect(status).toBe(200);
  });

  it.each([
    ['a proof', proof],
    ['the check of a node', checkOfNode],
    ['the check of the node of a DNS pod that may forward to itself', checkOfPod],
  ])('%s', async (_what, body) => {
    const answer = await asOperator({ method: 'POST', path: CHECKS, body });
    expect([answer.status, answer.body.message]).toEqual([201, undefined]);
    const { status } = await asOperator({
      method: 'DELETE',
      path: `${CHECKS}/${body.metadata?.name}`,
      body: { gracePeriodSeconds: 0 },
    });
    expect(status).toBe(200);
  });
});

describe('on a node, the operator’s token cannot start', () => {
  const mutants = [
    ...repairMutants(repair()),
    ...inspectionMutants(inspection(false)),
    ...checkMutants(proof),
  ];
  it.each(mutants)('$what', expectDenied);
  it.each(namespaceMutants(repair()))('$what', expectDenied);
});

describe('of a node, it cannot change', () => {
  beforeAll(async () => {
    for (const [name, { metadata, spec }] of Object.entries(NODES))
      await created('/api/v1/nodes', { metadata: { ...metadata, name }, spec });
    const status = {
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'x' }],
      capacity: { cpu: '2', pods: '110' },
      allocatable: { cpu: '2', pods: '110' },
      addresses: [{ type: 'InternalIP', address: '192.0.2.11' }],
    };
    succeeded(await server.call('PATCH', '/api/v1/nodes/free/status', { status }, { contentType: MERGE }));
    for (const name of ['held', 'shared']) {
      const path = `/api/v1/nodes/${name}?fieldManager=dnshealth-operator`;
      succeeded(await asOperator({ method: 'PATCH', path, body: HELD, contentType: MERGE }));
    }
    succeeded(
      await server.call(
        'PATCH',
        '/api/v1/nodes/shared?fieldManager=anna&force=true',
        { apiVersion: 'v1', kind: 'Node', metadata: { name: 'shared' }, spec: { unschedulable: true } },
        { contentType: 'application/apply-patch+yaml' },
      ),
    );
  });

  it.each(NODE_MUTANTS)('$what', expectDenied);

  it('and gives back the node that it has cordoned itself', async () => {
    const body = {
      metadata: { annotations: { 'dnshealth.io/quarantine': null } },
      spec: { unschedulable: null },
    };
    const { status } = await asOperator({
      method: 'PATCH',
      path: '/api/v1/nodes/held',
      body,
      contentType: MERGE,
    });
    expect(status).toBe(200);
  });
});

describe('elsewhere, it cannot do', () => {
  const uids = new Map<string, string>();
  beforeAll(async () => {
    for (const pod of PODS) {
      const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods`;
      uids.set(pod.metadata.name, (await created(path, pod)).metadata.uid);
    }
    for (const { name, status } of [OPEN, ENDED]) {
      await created(RECORDS, aRecord(name));
      const path = `${RECORDS}/${name}/status`;
      succeeded(await server.call('PATCH', path, { status }, { contentType: MERGE }));
    }
  });

  it.each(OTHER_MUTANTS)('$what', expectDenied);
  it.each(deletions((name) => uids.get(name) ?? ''))('$what', expectDenied);

  it('and deletes the very DNS pod that it has seen', async () => {
    const { status } = await asOperator({
      method: 'DELETE',
      path: `/api/v1/namespaces/kube-system/pods/${COREDNS}`,
      body: { preconditions: { uid: uids.get(COREDNS) }, gracePeriodSeconds: 1 },
    });
    expect(status).toBe(200);
  });
});

describe('who may edit all namespaces', () => {
  let token: string;
  beforeAll(async () => {
    await created('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'editor' } });
    token = await tokenOf(server, 'default', 'editor');
    // What the ClusterRole edit gives, whose rules a controller collects that does not run here.
    const everything = ['', 'apps', 'batch'].map((group) => ({
      apiGroups: [group],
      resources: ['*'],
      verbs: ['*'],
    }));
    await createAll(server, [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'editor' },
        rules: everything,
      },
    ]);
    await created('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'editor' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'editor' },
      subjects: [{ kind: 'ServiceAccount', name: 'editor', namespace: 'default' }],
    });
    for (const [path, body] of [
      [JOBS, { ...repair(), metadata: { ...repair().metadata, name: remediation.name } }],
      [CHECKS, proof],
    ] as const)
      succeeded(await asOperator({ method: 'POST', path, body }));
  });

  it.each<Omit<Mutant, 'deniedBy'>>(editorMutants(repair(), proof))(
    'cannot have $what',
    async ({ method, path, body, contentType }) => {
      const answer = await server.call(method, path, body, { token, ...(contentType && { contentType }) });
      expect(answer.body.message).toContain("ValidatingAdmissionPolicy 'dnshealth-");
      expect(answer.status).toBe(403);
    },
  );

  it('can check nodes, under a name that the operator does not read', async () => {
    const { name: _, labels: _labels, ownerReferences: _owners, ...metadata } = proof.metadata ?? {};
    const labels = { 'app.kubernetes.io/managed-by': 'kubectl-dnshealth', 'dnshealth.io/role': 'check' };
    const body = { ...proof, metadata: { ...metadata, name: 'dnshealth-check-0123abcd-0', labels } };
    const answer = await server.call('POST', CHECKS, body, { token });
    expect([answer.status, answer.body.message]).toEqual([201, undefined]);
  });
});

it('is the token of the operator that all this was tried with', async () => {
  const review = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: server.operatorToken },
  };
  const { body } = await server.call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review);
  expect(body.status.user.username).toBe(OPERATOR);
});
