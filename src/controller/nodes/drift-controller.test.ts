import { beforeEach, describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { aRawDnsPod, aRawNode } from '../../../test/support/objects/raw-objects.ts';
import { aPolicy, storeOf } from '../../../test/support/objects/sighting-cluster.ts';
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { parseNodeFacts } from '../../observe/node-facts.ts';
import { parseWatchedNode, type WatchedNode } from '../../observe/watched-node.ts';
import type { Remediation } from '../../remediation/world.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createDriftReconciler, DRIFTS } from './drift-controller.ts';
import { createKnownNodes } from './known-nodes.ts';
import { createNodeRecords } from './node-records.ts';
import { createWanted } from './wanted.ts';

const signal = new AbortController().signal;

const recordOf = (
  found: Partial<NonNullable<NodeCheckRecord['found']>> = {},
  check: Partial<NonNullable<NodeCheckRecord['check']>> = {},
): NodeCheckRecord => ({
  version: 1,
  check: {
    startedAt: isoAt(-2),
    endedAt: isoAt(0),
    why: 'KubeletStarted',
    bootID: 'boot-1',
    kubeletVersion: 'v1.34.4',
    osImage: 'Debian GNU/Linux 13 (trixie)',
    kubeletStartedAt: isoAt(-5),
    outcome: 'drifted',
    ...check,
  },
  found: { verdict: 'drifted', class: 'stub', nameservers: ['127.0.0.53'], at: isoAt(0), ...found },
  failures: 0,
  condition: { reason: 'Repairing', message: '', since: isoAt(0), writtenAt: isoAt(0) },
});

/** A cluster whose nodes were checked; each one can be read, and is known from the last look. */
function aCluster() {
  const nodes = new Map<string, WatchedNode>();
  const policies = new Map([['coredns', aPolicy()]]);
  const remediations = new Map<string, Remediation>();
  const dnsPods = new Map<string, DnsPod>();
  const known = createKnownNodes(storeOf(nodes));
  const wanted = createWanted();
  const isWanted = () => [...nodes.keys()].filter((name) => wanted.has(name));
  const fake = fakeKube();
  const reconcile = createDriftReconciler({
    kube: fake.kube,
    stores: {
      nodes: storeOf(nodes),
      policies: storeOf(policies),
      remediations: storeOf(remediations),
      dnsPods: storeOf(dnsPods),
    },
    ownership: { owns: () => Promise.resolve(true) },
    starts: { of: () => null },
    settings: { agentImage: 'registry.example.com/dnshealth-operator:0.1.0' },
    known,
    records: createNodeRecords(storeOf(nodes)),
    wanted,
    logger: silentLogger,
    now: () => at(5),
  });
  return {
    fake,
    policies,
    remediations,
    isWanted,
    /** `spec` and `status` are what only a look at the node shows. */
    node(name: string, record: NodeCheckRecord | null, { labels = {}, spec = {}, status = {} } = {}) {
      const annotations = record ? { [CHECK_ANNOTATION]: JSON.stringify(record) } : {};
      const metadata = {
        name,
        uid: `uid-of-${name}`,
        creationTimestamp: isoAt(-3600),
        labels,
        annotations,
      };
      const raw = aRawNode({ metadata, spec, status });
      nodes.set(name, parseWatchedNode(raw));
      known.put(parseNodeFacts(raw));
      fake.answers.set(`/api/v1/nodes/${name}`, raw);
    },
    dnsPodOn(node: string) {
      const name = `coredns-${node}`;
      dnsPods.set(name, parseDnsPod(aRawDnsPod({ metadata: { name, uid: name }, spec: { nodeName: node } })));
    },
    look: async () => reconcile(DRIFTS, signal),
    claimed: () =>
      (fake.created as { spec: { node: { name: string }; trigger: string; drift: object } }[]).map(
        ({ spec }) => spec,
      ),
    claimedNodes: () =>
      (fake.created as { spec: { node: { name: string } } }[]).map(({ spec }) => spec.node.name),
  };
}

const NOT_READY = { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
const TAINTED = { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } };

let cluster: ReturnType<typeof aCluster>;
beforeEach(() => {
  cluster = aCluster();
});

describe('a node that was found wrong', () => {
  it('becomes an incident that says what a pod there is given, why it was looked for, and how urgent it is', async () => {
    cluster.node('node-1', recordOf());
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.claimed()).toMatchObject([
      {
        trigger: 'Drift',
        node: { name: 'node-1', uid: 'uid-of-node-1', controlPlane: false },
        drift: {
          kind: 'Kubelet',
          check: {
            resolvConf: { class: 'stub', nameservers: ['127.0.0.53'] },
            message:
              'A new pod on node node-1 is given 127.0.0.53 (class stub), which leads back to CoreDNS itself.',
          },
          why: 'KubeletStarted',
          kubeletStartedAt: isoAt(-5),
          place: 'MayHostDNSPods',
          foundAt: isoAt(0),
        },
      },
    ]);
  });

  it('has the place that its DNS pods, its taints and its operating system give it', async () => {
    cluster.node('hosts', recordOf(), TAINTED);
    cluster.dnsPodOn('hosts');
    cluster.node('tainted', recordOf(), TAINTED);
    cluster.node('cordoned', recordOf(), { spec: { unschedulable: true } });
    cluster.node('windows', recordOf(), { labels: { 'kubernetes.io/os': 'windows' } });
    cluster.node('could', recordOf());
    await cluster.look();
    expect(cluster.claimed().map(({ node, drift }) => ({ [node.name]: drift }))).toMatchObject([
      { hosts: { place: 'HostsDNSPods' } },
      { could: { place: 'MayHostDNSPods' } },
      { cordoned: { place: 'TakesNoDNSPods' } },
      { tainted: { place: 'TakesNoDNSPods' } },
      { windows: { place: 'TakesNoDNSPods' } },
    ]);
  });

  it('is checked again instead if that was long ago', async () => {
    cluster.node('node-1', recordOf({ at: isoAt(-3600) }));
    await cluster.look();
    expect({ claimed: cluster.claimedNodes(), wanted: cluster.isWanted() }).toEqual({
      claimed: [],
      wanted: ['node-1'],
    });
  });

  it('is considered again after a minute if the node does not exist any more, although the cache shows it', async () => {
    cluster.node('gone', recordOf());
    cluster.fake.answers.delete('/api/v1/nodes/gone');
    cluster.node('node-1', recordOf());
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 60_000 });
    expect(cluster.claimedNodes()).toEqual(['node-1']);
  });
});

describe('no incident, and no further check, is made', () => {
  it.each([
    ['that was found well', recordOf({ verdict: 'proven', class: 'ok' }, { outcome: 'proven' }), {}],
    ['that was never checked', null, {}],
    ['whose last check failed: that is tried again by itself', recordOf({}, { outcome: 'failed' }), {}],
    ['that is not Ready: it is checked once it is', recordOf(), NOT_READY],
    ['that is excluded', recordOf(), { labels: { 'dnshealth.io/exclude': 'true' } }],
  ] as const)('of a node %s', async (_which, record, more) => {
    cluster.node('node-1', record, more);
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect([...cluster.claimedNodes(), ...cluster.isWanted()]).toEqual([]);
    expect(cluster.fake.asked).toEqual([]);
  });

  it('under a policy that observes, or without any', async () => {
    cluster.node('node-1', recordOf());
    cluster.node('node-2', recordOf({ at: isoAt(-3600) }));
    for (const policy of [aPolicy({ mode: 'Observe' }), null]) {
      cluster.policies.clear();
      if (policy) cluster.policies.set(policy.name, policy);
      await cluster.look();
      expect([...cluster.claimedNodes(), ...cluster.isWanted()]).toEqual([]);
    }
    expect(cluster.fake.asked).toEqual([]);
  });
});

describe('thousands of nodes that were found wrong', () => {
  it('make twenty incidents, and no request for a node that is not claimed', async () => {
    for (let index = 0; index < 5000; index += 1) cluster.node(`node-${index}`, recordOf());
    await cluster.look();
    expect(cluster.claimedNodes()).toHaveLength(20);
    const reads = cluster.fake.asked.filter((one) => one.startsWith('GET /api/v1/nodes/'));
    expect(reads).toHaveLength(20);
  });

  it('cost no request when all of them are left to an administrator', async () => {
    for (let index = 0; index < 100; index += 1) {
      const node = `node-${index}`;
      cluster.node(node, recordOf());
      const refused = { phase: 'Refused', finishedAt: isoAt(-60) } as const;
      cluster.remediations.set(node, aRemediation({ node, status: refused }));
    }
    await cluster.look();
    expect(cluster.fake.asked).toEqual([]);
  });
});

describe('a file that is wrong under a kubelet that is right', () => {
  const files = {
    at: isoAt(0),
    nonce: 'n',
    verdict: 'wrong-in-file',
    message: 'It is wrong.',
    file: { path: '/etc/kubernetes/kubelet-config.yaml', line: 4, value: '/etc/resolv.conf' },
  } as const;
  const proven = {
    ...recordOf({ verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'] }, { outcome: 'proven' }),
    files,
  };

  it('becomes an incident where the policy repairs files', async () => {
    cluster.policies.set('coredns', aPolicy({ drift: { alsoFiles: 'Repair' } }));
    cluster.node('node-1', proven);
    await cluster.look();
    expect(cluster.claimed()).toMatchObject([
      { trigger: 'Drift', drift: { kind: 'PendingInFile', file: files.file, foundAt: isoAt(0) } },
    ]);
  });

  it.each(['Report', 'Off'])('becomes none where it says %s', async (alsoFiles) => {
    cluster.policies.set('coredns', aPolicy({ drift: { alsoFiles } }));
    cluster.node('node-1', proven);
    await cluster.look();
    expect(cluster.claimed()).toEqual([]);
  });
});
