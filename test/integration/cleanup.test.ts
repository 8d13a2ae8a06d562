/** `kubectl dnshealth cleanup` on a real apiserver, after an operator that is gone in the middle of its work. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkRequestSchema, type RepairRequest } from '../../src/api/agent-protocol.ts';
import { proofPodName, startCheck } from '../../src/effects/check-pod.ts';
import { quarantineNode } from '../../src/effects/quarantine.ts';
import { startRepair } from '../../src/effects/repair-job.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { microTime } from '../../src/kube/micro-time.ts';
import { connect } from '../../src/plugin/connect.ts';
import { auditedReads } from '../support/apiserver/audit-log.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aRemediation, aStatus } from '../support/objects/builders.ts';
import { runPlugin } from '../support/objects/run-plugin.ts';

const INCIDENTS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const AGENT_PODS = '/api/v1/namespaces/dnshealth-node/pods';
const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/dnshealth-system/deployments';
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const FOREIGN_TAINT = { key: 'example.com/drain', effect: 'NoSchedule' };
const KNOWN = { clusterDNS: [], nodeLocalDNS: [], node: [] };
const signal = new AbortController().signal;

let server: InstalledApiserver;
/** What the operator did before it was gone, it did with its own permissions. */
let operator: KubeClient;

beforeAll(async () => {
  server = await startInstalledApiserver();
  operator = await operatorClient(server);
});
afterAll(async () => {
  await operator.close();
  await server.stop();
});
beforeEach(async () => {
  const gone = { propagationPolicy: 'Background', gracePeriodSeconds: 0 };
  for (const path of ['/api/v1/nodes', INCIDENTS, JOBS, AGENT_PODS, CHECKS, LEASES, DEPLOYMENTS])
    for (const { metadata } of (await server.call('GET', path)).body.items)
      await server.call('DELETE', `${path}/${metadata.name}`, gone);
});

const cleanup = async (options = '', kubeconfig = server.kubeconfigPath, stop = signal) =>
  runPlugin(`cleanup ${options}`, {
    signal: stop,
    connect: async (asked) => connect({ ...asked, path: kubeconfig }),
  });
const bodyOf = async (path: string) => (await server.call('GET', path)).body;
const isThere = async (path: string) => (await server.call('GET', path)).status === 200;
const nodeOf = async (name: string) => bodyOf(`/api/v1/nodes/${name}`);

/** With a label as every node has: the API server tracks no writers of an object that was created without any field. */
async function aNode(name: string, spec: object = {}) {
  const labels = { 'kubernetes.io/hostname': name };
  await server.call('POST', '/api/v1/nodes', { metadata: { name, labels }, spec });
  // The apiserver taints every new node; the node controller would remove the taint.
  return (await server.call('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null, ...spec } }, MERGE))
    .body;
}

/** An incident that holds its node, as far as the operator has come with it. */
async function anIncident(
  node: string,
  strategy: 'Cordon' | 'Taint' = 'Taint',
  spec: object = {},
): Promise<{ readonly name: string; readonly uid: string; readonly found: { readonly spec: object } }> {
  const name = `${node}-incident`;
  const found = await aNode(node, spec);
  const { spec: incident } = aRemediation({ node });
  const kind = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSRemediation' };
  const { body } = await server.call('POST', INCIDENTS, { ...kind, metadata: { name }, spec: incident });
  const { uid } = body.metadata;
  const heldSince = new Date().toISOString();
  await quarantineNode(
    operator,
    {
      node: { name: node, uid: found.metadata.uid },
      remediation: { name, uid },
      strategy,
      since: heldSince,
    },
    signal,
  );
  const quarantine = { strategy, nodeWasUnschedulable: false, heldSince };
  const status = aStatus({
    phase: 'Repairing',
    quarantine,
    steps: [{ name: 'Repair', startedAt: heldSince }],
  });
  await server.call('PATCH', `${INCIDENTS}/${name}/status`, { status }, MERGE);
  return { name, uid, found };
}

async function aJob(node: string, remediation: { name: string; uid: string }): Promise<void> {
  const said = { nonce: 'n', remediation: remediation.name, known: KNOWN, acceptRisky: false };
  const agent: RepairRequest = {
    verb: 'repair',
    ...said,
    targets: ['/run/systemd/resolve/resolv.conf'],
    replaceEmptyValue: false,
    externalName: 'x.invalid',
    writable: ['/etc/kubernetes'],
  };
  await startRepair(operator, { remediation, node, image: 'x', activeDeadlineSeconds: 60, agent }, signal);
}

/** The Job controller creates the pod of the Job, the kubelet reports its containers. */
async function itsPod(job: string, states: readonly object[]): Promise<void> {
  const { metadata, spec } = await bodyOf(`${JOBS}/${job}`);
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: job, uid: metadata.uid, controller: true };
  const { labels } = spec.template.metadata;
  await server.call('POST', AGENT_PODS, {
    metadata: { name: `${job}-x7`, labels, ownerReferences: [owner] },
    spec: spec.template.spec,
  });
  const containerStatuses = spec.template.spec.containers.map(({ name }: { name: string }, at: number) => ({
    name,
    image: 'x',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: states[at],
  }));
  await server.call('PATCH', `${AGENT_PODS}/${job}-x7/status`, { status: { containerStatuses } }, MERGE);
}
const RUNNING = { running: {} };
const ENDED = { terminated: { exitCode: 0 } };

/** The garbage collector finishes the foreground deletion of a Job. */
async function collectsGarbage(job: string): Promise<void> {
  while ((await bodyOf(`${JOBS}/${job}`)).metadata?.deletionTimestamp === undefined) await sleep(20);
  await server.call('PATCH', `${JOBS}/${job}`, { metadata: { finalizers: null } }, MERGE);
}

/** Nothing of ours, and everything of others. */
async function expectAsFound(node: string, found: { readonly spec: object }): Promise<void> {
  const { metadata, spec } = await nodeOf(node);
  expect(spec).toEqual(found.spec);
  expect({ ...metadata.annotations, ...metadata.labels }).not.toHaveProperty(['dnshealth.io/quarantine']);
  expect(metadata.labels ?? {}).not.toHaveProperty(['dnshealth.io/quarantined-by']);
}

describe('an operator that was removed in the middle of incidents', () => {
  it('has its nodes released as they were found, its Jobs and checks deleted, and its incidents ended', async () => {
    const tainted = await anIncident('node-1', 'Taint', { taints: [FOREIGN_TAINT] });
    const cordoned = await anIncident('node-2', 'Cordon');
    await aJob('node-1', tainted);
    await itsPod(tainted.name, [ENDED, ENDED]);
    await startCheck(
      operator,
      {
        name: proofPodName(cordoned.name),
        remediation: cordoned,
        node: 'node-2',
        image: 'x',
        activeDeadlineSeconds: 60,
        agent: checkRequestSchema.parse({ verb: 'check' }),
      },
      signal,
    );

    const planned = await cleanup('--dry-run');
    expect(planned.code).toBe(1);
    expect(planned.out.split('\n').map((line) => line.split(':')[0])).toEqual([
      `dnshealth-node/job/${tainted.name}`,
      `dnshealth-check/pod/${proofPodName(cordoned.name)}`,
      'node/node-1',
      'node/node-2',
      `dnsremediation/${tainted.name}`,
      `dnsremediation/${cordoned.name}`,
      '6 found.',
      '',
    ]);
    expect(await nodeOf('node-1')).toHaveProperty(['metadata', 'annotations', 'dnshealth.io/quarantine']);

    const { code, out, err } = await cleanup();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('node/node-1: Was released. The node is schedulable unless others');
    expect(out).toContain('node/node-2: Was released. The cordon of the operator was removed as well.');
    expect(out).toMatch(/\n6 done\.\n$/);
    await expectAsFound('node-1', tainted.found);
    await expectAsFound('node-2', cordoned.found);
    expect(await isThere(`${JOBS}/${tainted.name}`)).toBe(false);
    expect(await isThere(`${CHECKS}/${proofPodName(cordoned.name)}`)).toBe(false);
    for (const { name } of [tainted, cordoned]) {
      const { status } = await bodyOf(`${INCIDENTS}/${name}`);
      expect(status).toMatchObject({ phase: 'Failed', reason: 'OperatorGone' });
      expect(status.quarantine).not.toHaveProperty('heldSince');
    }

    // The garbage collector takes it.
    await server.call('DELETE', `${AGENT_PODS}/${tainted.name}-x7`, { gracePeriodSeconds: 0 });
    expect(await cleanup()).toEqual({ code: 0, out: 'The operator has left nothing.\n', err: '' });
  });

  it('leaves the cordon of an administrator', async () => {
    const { name } = await anIncident('node-1', 'Cordon');
    const cordon = async (unschedulable: boolean | null) =>
      server.call(
        'PATCH',
        '/api/v1/nodes/node-1?fieldManager=kubectl-cordon',
        { spec: { unschedulable } },
        MERGE,
      );
    await cordon(null);
    await cordon(true);
    const { code, out } = await cleanup();
    expect(code).toBe(0);
    expect(out).toContain('node/node-1: Was released. The node is still cordoned');
    expect(await nodeOf('node-1')).toMatchObject({ spec: { unschedulable: true } });
    expect((await bodyOf(`${INCIDENTS}/${name}`)).status.phase).toBe('Failed');
  });

  it('has its marks taken off nodes also if the CRDs were deleted with all incidents, or the annotation is gone', async () => {
    const { name, found } = await anIncident('node-1');
    await server.call('DELETE', `${INCIDENTS}/${name}`);
    const other = await anIncident('node-2');
    await server.call('DELETE', `${INCIDENTS}/${other.name}`);
    const annotations = { 'dnshealth.io/quarantine': null };
    await server.call('PATCH', '/api/v1/nodes/node-2', { metadata: { annotations } }, MERGE);
    expect((await cleanup()).code).toBe(0);
    await expectAsFound('node-1', found);
    await expectAsFound('node-2', other.found);
  });
});

describe('a node under a repair Job that still works', () => {
  it('is left alone, and its Job and its incident with it, while other nodes are released', async () => {
    const working = await anIncident('node-1');
    const other = await anIncident('node-2');
    await aJob('node-1', working);
    // The agent has reported, the guard watches the kubelet.
    await itsPod(working.name, [ENDED, RUNNING]);
    const before = await nodeOf('node-1');
    const { code, out } = await cleanup();
    expect(code).toBe(1);
    expect(out).toContain(
      `node/node-1: Was left. dnshealth-node/job/${working.name} still works on node-1, and ends by itself`,
    );
    expect(out).toMatch(/\n2 done, 3 left\.\n$/);
    expect(await nodeOf('node-1')).toEqual(before);
    expect(await isThere(`${JOBS}/${working.name}`)).toBe(true);
    expect((await bodyOf(`${INCIDENTS}/${working.name}`)).status.phase).toBe('Repairing');
    await expectAsFound('node-2', other.found);
  });

  it('is released with --wait, once the Job has ended', async () => {
    const working = await anIncident('node-1');
    await aJob('node-1', working);
    await itsPod(working.name, [RUNNING, RUNNING]);
    const looks = async () =>
      (await auditedReads(server, ['list'])).filter(
        ({ userAgent, resource }) => userAgent.startsWith('kubectl-dnshealth') && resource === 'jobs',
      ).length;
    const before = await looks();
    const run = cleanup('--wait');
    await expect.poll(looks).toBeGreaterThan(before + 1);
    const path = `${AGENT_PODS}/${working.name}-x7/status`;
    const { status } = await bodyOf(path);
    const containerStatuses = status.containerStatuses.map((one: object) => ({ ...one, state: ENDED }));
    await server.call('PATCH', path, { status: { containerStatuses } }, MERGE);
    const { code, out, err } = await run;
    expect({ code, err }).toEqual({ code: 0, err: 'Waiting for the repair Jobs that still work.\n' });
    expect(out).toMatch(/\n3 done\.\n$/);
    await expectAsFound('node-1', working.found);
  });

  it('is released after a Job that has not begun is gone', async () => {
    const waiting = await anIncident('node-1');
    await aJob('node-1', waiting);
    const [{ code, out }] = await Promise.all([cleanup(), collectsGarbage(waiting.name)]);
    expect(code).toBe(0);
    expect(out).toContain(`dnshealth-node/job/${waiting.name}: Was deleted before it began to work.`);
    await expectAsFound('node-1', waiting.found);
  });
});

describe('while an operator is alive', () => {
  const aLease = async (holderIdentity: string) =>
    server.call('POST', LEASES, {
      metadata: { name: 'dnshealth-operator' },
      spec: { holderIdentity, leaseDurationSeconds: 1, renewTime: '2020-01-01T00:00:00.000000Z' },
    });

  it('nothing is done: it is installed', async () => {
    await anIncident('node-1');
    const labels = { app: 'x' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'x', image: 'x' }] } };
    await server.call('POST', DEPLOYMENTS, {
      metadata: { name: 'dnshealth-operator' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    });
    const { code, out, err } = await cleanup();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('error: the operator is alive: the Deployment dnshealth-system/dnshealth-operator');
    await server.call('PATCH', `${DEPLOYMENTS}/dnshealth-operator`, { spec: { replicas: 0 } }, MERGE);
    expect((await cleanup()).code).toBe(0);
  });

  it('nothing is done: it renews its Lease, whatever the clocks say; with --force it is', async () => {
    const { found } = await anIncident('node-1');
    await aLease('outside');
    const stop = new AbortController();
    const renewing = (async () => {
      while (!stop.signal.aborted) {
        const spec = { renewTime: microTime(1_000_000_000 + performance.now()) };
        await server.call('PATCH', `${LEASES}/dnshealth-operator`, { spec }, MERGE);
        await sleep(50);
      }
    })();
    try {
      const { code, err } = await cleanup();
      expect(code).toBe(2);
      expect(err).toContain('outside renews the Lease');
      expect((await cleanup('--force')).code).toBe(0);
      await expectAsFound('node-1', found);
    } finally {
      stop.abort();
      await renewing;
    }
  });

  it('a Lease that nobody renews any more does not count', async () => {
    const { found } = await anIncident('node-1');
    await aLease('a-pod-that-was-killed');
    const { code, out } = await cleanup('-o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      dryRun: false,
      operator: 'a-pod-that-was-killed does not renew the Lease of the operator any more',
      objects: [
        { object: 'node/node-1', result: 'done' },
        { object: 'dnsremediation/node-1-incident', result: 'done' },
      ],
      unread: [],
    });
    await expectAsFound('node-1', found);
  });
});

describe('a user with few permissions', () => {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';
  const NAME = 'node-admin';

  /** A kubeconfig of an account with these rules. */
  async function accountWith(rules: readonly object[]): Promise<string> {
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: NAME } });
    await server.call('POST', `${RBAC}/clusterroles`, { metadata: { name: NAME }, rules });
    await server.call('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: NAME }],
    });
    const config = JSON.parse(await readFile(server.kubeconfigPath, 'utf8'));
    const users = [{ name: 'admin', user: { token: await tokenOf(server, 'default', NAME) } }];
    const path = join(await mkdtemp(join(tmpdir(), 'cleanup-')), 'kubeconfig');
    await writeFile(path, JSON.stringify({ ...config, users }));
    return path;
  }

  it('has done what is allowed, and the rest is named', async () => {
    const { found } = await anIncident('node-1');
    const kubeconfig = await accountWith([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: ['dnshealth.io'], resources: ['dnsremediations'], verbs: ['list', 'get'] },
    ]);
    const { code, out } = await cleanup('', kubeconfig);
    expect(code).toBe(2);
    expect(out).toContain(
      'dnsremediation/node-1-incident: No permission to update dnsremediations/status node-1-incident: ',
    );
    expect(out).toMatch(/\n1 done, 1 failed\.\n$/);
    await expectAsFound('node-1', found);

    // Without a look at the Jobs no node is released.
    await anIncident('node-2');
    const rules = [
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
    ];
    await server.call('PATCH', `${RBAC}/clusterroles/${NAME}`, { rules }, MERGE);
    await expect.poll(async () => (await cleanup('', kubeconfig)).err).toContain('list jobs');
    const second = await cleanup('', kubeconfig);
    expect(second.code).toBe(2);
    expect(second.err).toContain('warning: no permission to list jobs in dnshealth-node: ');
    expect(second.out).toContain('node/node-2: Was left. It cannot be read whether a repair still works');

    await server.call('PATCH', `${RBAC}/clusterroles/${NAME}`, { rules: [] }, MERGE);
    await expect
      .poll(async () => (await cleanup('', kubeconfig)).err)
      .toContain('error: it cannot be read whether an operator is alive: no permission to ');
  });
});

describe('a cleanup', () => {
  it('beside another one, or after one that was killed, ends in the same state', async () => {
    const names = ['node-1', 'node-2', 'node-3'];
    const incidents = await Promise.all(names.map(async (node) => anIncident(node)));
    const stop = new AbortController();
    const killed = cleanup('', undefined, stop.signal);
    await expect
      .poll(async () => (await nodeOf('node-1')).metadata.annotations?.['dnshealth.io/quarantine'])
      .toBeUndefined();
    stop.abort();
    await killed;
    const runs = await Promise.all([cleanup(), cleanup()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    for (const [at, { found }] of incidents.entries()) await expectAsFound(names[at] ?? '', found);
    for (const { name } of incidents)
      expect((await bodyOf(`${INCIDENTS}/${name}`)).status.phase).toBe('Failed');
    expect((await cleanup()).out).toBe('The operator has left nothing.\n');
  });
});
