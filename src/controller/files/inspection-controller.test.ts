import { beforeEach, describe, expect, it } from 'vitest';
import { anInspectionJob } from '../../../test/support/objects/agent-jobs.ts';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { aDriftedRecord, aNodeRecord, aWatchedNode } from '../../../test/support/objects/node-records.ts';
import { aPolicy, storeOf } from '../../../test/support/objects/sighting-cluster.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import type { AgentJob } from '../../observe/agent-run.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Remediation } from '../../remediation/world.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createKnownNodes } from '../nodes/known-nodes.ts';
import { createNodeRecords } from '../nodes/node-records.ts';
import { createInspectionReconciler, INSPECTIONS } from './inspection-controller.ts';
import { inspectionName } from './inspection-start.ts';

const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const signal = new AbortController().signal;

function aCluster() {
  const nodes = new Map<string, WatchedNode>();
  const policies = new Map([['coredns', aPolicy({ mode: 'Repair', drift: { alsoFiles: 'Report' } })]]);
  const jobs = new Map<string, AgentJob>();
  const remediations = new Map<string, Remediation>();
  const known = createKnownNodes(storeOf(nodes));
  const fake = fakeKube({ '/api/v1/namespaces/kube-system/services': { items: [] }, [JOBS]: {} });
  const cluster = {
    nodes,
    policies,
    jobs,
    remediations,
    asked: fake.asked,
    now: at(200),
    node(name: string, record: Partial<NodeCheckRecord> = {}, { ready = true, exclude = false } = {}) {
      const node = aWatchedNode(name, { ...aNodeRecord(), ...record });
      nodes.set(name, exclude ? { ...node, mark: { ...MARK, name, exclude: 'true' } } : node);
      known.put({
        name,
        uid: node.uid,
        ready,
        bootID: 'boot-1',
        kubeletVersion: 'v1.34.4',
        osImage: 'Debian',
        addresses: [],
        takesDNSPods: true,
        says: null,
        saysSince: null,
      });
      return node;
    },
    reconcile: async () => reconcile(INSPECTIONS, signal),
    created: () =>
      fake.created as { metadata: { name: string }; spec: { template: { spec: { nodeName: string } } } }[],
    inspected: () => cluster.created().map(({ spec }) => spec.template.spec.nodeName),
  };
  const reconcile = createInspectionReconciler({
    kube: fake.kube,
    stores: {
      nodes: storeOf(nodes),
      policies: storeOf(policies),
      jobs: storeOf(jobs),
      remediations: storeOf(remediations),
    },
    settings: { agentImage: 'registry.example.com/dnshealth-operator:0.1.0' },
    known,
    records: createNodeRecords(storeOf(nodes)),
    logger: silentLogger,
    now: () => cluster.now,
  });
  return cluster;
}
const MARK = { uid: 'x', record: null, raw: null, createdAt: 0 } as unknown as NonNullable<
  WatchedNode['mark']
>;

let cluster: ReturnType<typeof aCluster>;
beforeEach(() => {
  cluster = aCluster();
});

describe('a Job with the rights of a repair', () => {
  it.each<[string, object, readonly string[]]>([
    [
      'is started where the policy reports such files',
      { mode: 'Repair', drift: { alsoFiles: 'Report' } },
      ['node-1'],
    ],
    ['is started where it repairs them', { mode: 'Repair', drift: { alsoFiles: 'Repair' } }, ['node-1']],
    ['is not started by default', { mode: 'Repair' }, []],
    ['is never started in mode Observe', { mode: 'Observe', drift: { alsoFiles: 'Repair' } }, []],
  ])('%s', async (_what, spec, nodes) => {
    cluster.policies.set('coredns', aPolicy(spec));
    cluster.node('node-1');
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual(nodes);
  });

  it('is not started without a policy', async () => {
    cluster.policies.clear();
    cluster.node('node-1');
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['that is excluded', () => cluster.node('node-1', {}, { exclude: true })],
    ['that is not Ready', () => cluster.node('node-1', {}, { ready: false })],
    [
      'whose kubelet is wrong, because its repair tells the same',
      () => cluster.node('node-1', aDriftedRecord()),
    ],
    [
      'that has an open incident',
      () => {
        const { uid } = cluster.node('node-1');
        const one = aRemediation({ status: { phase: 'Repairing' } });
        const spec = { ...one.spec, node: { ...one.spec.node, uid } };
        cluster.remediations.set(one.name, { ...one, spec });
      },
    ],
    [
      'that was inspected since its last check',
      () =>
        cluster.node('node-1', {
          files: { at: isoAt(150), nonce: 'earlier', verdict: 'both-right', message: '' },
        }),
    ],
  ])('is not started on a node %s', async (_what, prepare) => {
    prepare();
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual([]);
  });
});

describe('one node at a time', () => {
  it('is inspected, and the next one when the Job of the last one is gone', async () => {
    const first = cluster.node('node-1');
    cluster.node('node-2');
    await cluster.reconcile();
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual(['node-1']);

    cluster.jobs.set('job', anInspectionJob(first, at(200)));
    cluster.now = at(230);
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual(['node-1']);

    cluster.jobs.clear();
    await cluster.reconcile();
    expect(cluster.inspected()).toEqual(['node-1', 'node-2']);
  });

  it('and one that leaves nothing behind is tried again after half an hour', async () => {
    cluster.node('node-1');
    for (const second of [200, 300, 1999, 2000]) {
      cluster.now = at(second);
      await cluster.reconcile();
    }
    expect(cluster.inspected()).toEqual(['node-1', 'node-1']);
  });
});

describe('the Job of an inspection', () => {
  const deletions = () => cluster.asked.filter((line) => line.startsWith('DELETE'));

  it('is deleted once what it has shown is on its node', async () => {
    const node = cluster.node('node-1', {
      files: { at: isoAt(205), nonce: 'nonce-1', verdict: 'unclear', message: '' },
    });
    cluster.jobs.set('job', anInspectionJob(node, at(200)));
    await cluster.reconcile();
    expect(deletions()).toEqual([`DELETE ${JOBS}/${inspectionName(node.uid)}`]);
  });

  it('is left alone until then', async () => {
    cluster.jobs.set('job', anInspectionJob(cluster.node('node-1'), at(200)));
    await cluster.reconcile();
    expect(deletions()).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['its node is gone', () => cluster.nodes.clear()],
    ['it has shown nothing for two minutes', () => (cluster.now = at(321))],
    [
      'it has shown nothing and inspections were turned off',
      () => {
        cluster.now = at(321);
        cluster.policies.set('coredns', aPolicy({ mode: 'Observe' }));
      },
    ],
  ])('is deleted where %s', async (_what, change) => {
    cluster.jobs.set('job', anInspectionJob(cluster.node('node-1'), at(200)));
    await cluster.reconcile();
    expect(deletions()).toEqual([]);
    change();
    await cluster.reconcile();
    expect(deletions()).toHaveLength(1);
  });
});
