import { beforeEach, describe, expect, it } from 'vitest';
import { aProofReport, aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { stampAt } from '../../../test/support/objects/raw-objects.ts';
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import { type NodeCheckRecord, parseNodeCheckRecord } from '../../api/node-check-record.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Remediation } from '../../remediation/world.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import type { Change, Listener } from '../../runtime/reflector/store.ts';
import { createCheckPods } from './check-pods.ts';
import { OVERDUE_MS } from './circumstances.ts';
import { createKnownNodes } from './known-nodes.ts';
import { createNodeMetrics } from './node-metrics.ts';
import { createNodeRecords } from './node-records.ts';
import { createNodeStateReconciler, WRITE_EVERY_MS } from './state-controller.ts';

type Options = Parameters<typeof createNodeStateReconciler>[0];
type Check = NonNullable<NodeCheckRecord['check']>;
type Found = NonNullable<NodeCheckRecord['found']>;

interface Patch {
  readonly metadata: { readonly uid: string; readonly annotations: Readonly<Record<string, string>> };
  readonly status: { readonly conditions: readonly Readonly<Record<string, string>>[] };
}

const policyOf = (spec: object = {}) =>
  parsePolicy({ metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(-60) }, spec });

const FACTS = { bootID: 'boot-1', kubeletVersion: 'v1.34.4', osImage: 'Debian' } as const;
const STUB: Found = { verdict: 'drifted', class: 'stub', nameservers: ['127.0.0.53'], at: isoAt(-100) };
const GOOD: Found = { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: isoAt(-100) };

const checkThat = (outcome: Check['outcome'], changes: Partial<Check> = {}): Check => ({
  startedAt: isoAt(-102),
  endedAt: isoAt(-100),
  why: 'Interval',
  ...FACTS,
  outcome,
  ...changes,
});

/** Nodes whose annotation holds what was written last; `cluster` may be changed while in use. */
function aCluster() {
  const nodes = new Map<string, WatchedNode>();
  const listeners = new Set<Listener<WatchedNode>>();
  const cluster = {
    now: at(0),
    policies: [policyOf()],
    remediations: [] as Remediation[],
    due: undefined as { readonly why: Check['why']; readonly at: number } | undefined,
    patches: [] as Patch[],
    version: 100,
  };
  const put = (node: WatchedNode): void => {
    const old = nodes.get(node.name);
    nodes.set(node.name, node);
    const change: Change<WatchedNode> = old
      ? { kind: 'modified', key: node.name, object: node, old }
      : { kind: 'added', key: node.name, object: node };
    for (const listener of listeners) listener(change);
  };
  const store = {
    get: (name: string) => nodes.get(name),
    onChange: (listener: Listener<WatchedNode>) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const known = createKnownNodes(store);
  const metrics = createMetrics();
  const reconcile = createNodeStateReconciler({
    kube: {
      raw: {
        request: async ({ path, body }: { readonly path: string; readonly body: Patch }) => {
          cluster.patches.push(body);
          const node = nodes.get(path.split('/').at(-2) ?? '');
          cluster.version += 1;
          const metadata = { resourceVersion: `${cluster.version}` };
          const checks = body.metadata.annotations[CHECK_ANNOTATION] ?? null;
          if (node) put({ ...node, ...metadata, checks });
          return { metadata };
        },
      },
    } as unknown as Options['kube'],
    stores: {
      nodes: { get: (name: string) => nodes.get(name) },
      policies: { list: () => cluster.policies },
      remediations: { list: () => cluster.remediations },
      agentPods: { list: () => [] },
    } as unknown as Options['stores'],
    checkPods: createCheckPods({ onChange: () => () => {} }, () => cluster.now),
    known,
    starts: { of: () => null },
    schedule: {
      get: () =>
        cluster.due && {
          ...cluster.due,
          node: 'node-1',
          uid: 'uid-of-node-1',
          policy: 'policy-1',
          hostsDNSPods: false,
        },
    },
    records: createNodeRecords(store),
    narrator: { announce: () => {} },
    nodeMetrics: createNodeMetrics(metrics),
    logger: { info: () => {} } as unknown as Options['logger'],
    now: () => cluster.now,
  });
  const nodeNamed = (name: string): WatchedNode => ({
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '100',
    createdAt: at(-3600),
    deleting: false,
    labels: {},
    controlPlane: false,
    isLinux: true,
    checks: null,
    mark: null,
  });
  return {
    cluster,
    metrics,
    nodes,
    put,
    /** A look at the node shows this condition. */
    look: (says: string | null, name = 'node-1', saysSince: string | null = null): void =>
      known.put({
        name,
        uid: `uid-of-${name}`,
        ready: true,
        ...FACTS,
        addresses: [],
        takesDNSPods: true,
        says,
        saysSince,
      } satisfies NodeFacts),
    /** A node whose checks have shown this, and of which nothing else was said. */
    given(record: Partial<NodeCheckRecord>, name = 'node-1'): void {
      const condition = {
        reason: 'NotChecked',
        message: '',
        since: isoAt(-200),
        writtenAt: isoAt(-200),
      } as const;
      put({ ...nodeNamed(name), checks: JSON.stringify({ version: 1, failures: 0, condition, ...record }) });
    },
    /** A node of which nothing is known. */
    fresh: (): void => put(nodeNamed('node-1')),
    reconcile: (name = 'node-1') => reconcile(name, new AbortController().signal),
    /** The condition after a reconcile; null if none was ever written. */
    async says() {
      await reconcile('node-1', new AbortController().signal);
      return cluster.patches.at(-1)?.status.conditions[0] ?? null;
    },
    record: () => parseNodeCheckRecord(nodes.get('node-1')?.checks ?? ''),
  };
}

let stage: ReturnType<typeof aCluster>;
beforeEach(() => {
  stage = aCluster();
});

describe('what is said of a node', () => {
  it('is nothing while nothing is known', async () => {
    stage.fresh();
    expect(await stage.says()).toBeNull();
  });

  it('is written once, and again only when it changes', async () => {
    stage.given({ check: checkThat('proven'), found: GOOD, provenAt: GOOD.at });
    expect(await stage.says()).toMatchObject({ status: 'True', reason: 'Proven' });
    stage.cluster.now = at(7200);
    await stage.reconcile();
    expect(stage.cluster.patches).toHaveLength(1);
  });

  it('follows the incidents of the node from beginning to end', async () => {
    const proven = { check: checkThat('proven'), found: GOOD, provenAt: GOOD.at };
    stage.given(proven);
    expect((await stage.says())?.['reason']).toBe('Proven');

    stage.cluster.remediations = [aRemediation({ status: { phase: 'Repairing' } })];
    expect(await stage.says()).toMatchObject({ status: 'Unknown', reason: 'Repairing' });

    const failed = { phase: 'Failed', message: 'It failed.', finishedAt: isoAt(60) } as const;
    stage.cluster.remediations = [aRemediation({ status: failed })];
    expect(await stage.says()).toMatchObject({ status: 'False', reason: 'RepairFailed' });

    stage.cluster.remediations = [aRemediation({ status: failed, acknowledged: true })];
    expect(await stage.says()).toMatchObject({ status: 'True', reason: 'Proven' });
  });

  it('is not about incidents of an earlier node of that name', async () => {
    stage.given({ check: checkThat('proven'), found: GOOD });
    const incident = aRemediation({ status: { phase: 'Repairing' } });
    const node = { ...incident.spec.node, uid: 'uid-of-the-node-before' };
    stage.cluster.remediations = [{ ...incident, spec: { ...incident.spec, node } }];
    expect((await stage.says())?.['reason']).toBe('Proven');
  });

  it.each([
    ['the policy repairs', 'Repairing', {}, null],
    ['the policy only observes', 'Drifted', { mode: 'Observe' }, null],
    ['the node is excluded', 'Drifted', {}, 'true'],
    ['the label that excludes a node has another value', 'Repairing', {}, 'yes'],
  ] as const)('of a drift, where %s, is %s', async (_name, reason, spec, exclude) => {
    stage.given({ check: checkThat('drifted'), found: STUB });
    const node = stage.nodes.get('node-1');
    if (node) stage.put({ ...node, mark: exclude === null ? null : ({ exclude } as WatchedNode['mark']) });
    stage.cluster.policies = [policyOf(spec)];
    expect((await stage.says())?.['reason']).toBe(reason);
  });

  it('is that it is not checked once the policy is gone', async () => {
    stage.given({ check: checkThat('drifted'), found: STUB });
    stage.cluster.policies = [];
    expect(await stage.says()).toMatchObject({
      status: 'Unknown',
      reason: 'NotChecked',
      message:
        'There is no DNSHealthPolicy any more, so nodes are not checked. Before, new pods were given 127.0.0.53 (class stub).',
    });
  });
});

describe('something happened to a node', () => {
  beforeEach(async () => {
    stage.given({ check: checkThat('proven'), found: GOOD });
    await stage.reconcile();
    stage.cluster.due = { why: 'Rebooted', at: at(0) };
  });

  it('does not change what is said while a check may follow', async () => {
    expect(await stage.reconcile()).toEqual({ kind: 'requeue', afterMs: OVERDUE_MS });
    stage.cluster.now += OVERDUE_MS - 1;
    expect(await stage.reconcile()).toEqual({ kind: 'requeue', afterMs: 1 });
    expect(stage.cluster.patches).toHaveLength(1);
  });

  it('is said after five minutes without a check', async () => {
    await stage.reconcile();
    stage.cluster.now += OVERDUE_MS;
    expect(await stage.says()).toMatchObject({
      status: 'Unknown',
      message:
        'The node was rebooted and has not been checked since. Before, new pods were given 192.0.2.53 (class ok).',
    });
  });

  it('counts from when it may be checked, ten minutes after its last check', async () => {
    stage.cluster.due = { why: 'KubeletStarted', at: at(400) };
    expect(await stage.reconcile()).toEqual({ kind: 'requeue', afterMs: 400_000 + OVERDUE_MS });
  });

  it('counts from the latest thing that happened', async () => {
    await stage.reconcile();
    stage.cluster.due = undefined;
    await stage.reconcile();
    stage.cluster.now += OVERDUE_MS;
    stage.cluster.due = { why: 'Rebooted', at: at(0) };
    expect(await stage.reconcile()).toEqual({ kind: 'requeue', afterMs: OVERDUE_MS });
  });
});

describe('the times of the condition', () => {
  it('are that of the last change of its status, and of the last write', async () => {
    stage.given({ check: checkThat('drifted'), found: STUB });
    stage.cluster.now = at(10);
    await stage.reconcile();
    expect(stage.record()?.condition).toMatchObject({ since: isoAt(-200), writtenAt: isoAt(10) });

    stage.cluster.policies = [policyOf({ mode: 'Observe' })];
    stage.cluster.now = at(20);
    await stage.reconcile();
    expect(await stage.says()).toMatchObject({
      reason: 'Drifted',
      lastTransitionTime: isoAt(20),
      lastHeartbeatTime: isoAt(20),
    });
  });
});

describe('another program', () => {
  beforeEach(async () => {
    stage.given({ check: checkThat('proven'), found: GOOD });
    stage.look(null);
    await stage.reconcile();
    stage.cluster.now = at(600);
  });

  it('that removed the condition does not remove it for long: the next look at the node shows that', async () => {
    await stage.reconcile();
    expect(stage.cluster.patches).toHaveLength(1);
    stage.look(null);
    await stage.reconcile();
    expect(stage.cluster.patches).toHaveLength(2);
    expect(stage.cluster.patches[1]?.status.conditions).toEqual([
      expect.objectContaining({ reason: 'Proven', lastTransitionTime: isoAt(0) }),
    ]);
  });

  it('that wrote another status is corrected in the same way', async () => {
    stage.look('False/Drifted');
    await stage.reconcile();
    expect(stage.cluster.patches).toHaveLength(2);
  });

  it('that removed the record makes the node one that was never checked, and nothing is written', async () => {
    const node = stage.nodes.get('node-1');
    if (node) stage.put({ ...node, checks: null });
    await stage.reconcile();
    expect(stage.cluster.patches).toHaveLength(1);
  });

  it.each([
    ['that of the condition itself if its status is the same', 'Unknown/NotChecked', isoAt(-500)],
    ['now if its status is another one', 'True/Proven', isoAt(600)],
  ])('that removed the record leaves the time of the last change: it is %s', async (_what, says, since) => {
    stage.fresh();
    stage.cluster.remediations = [aRemediation({ status: { phase: 'Repairing' } })];
    stage.look(says, 'node-1', isoAt(-500));
    await stage.reconcile();
    expect(stage.record()?.condition).toMatchObject({ reason: 'Repairing', since });
  });
});

describe('the proof of a repair', () => {
  it('counts as a check of the node as it is now', async () => {
    stage.given({ check: checkThat('drifted'), found: STUB });
    stage.look('Unknown/NotChecked');
    const resolvConf = { path: '/etc/resolv.conf', class: 'ok' as const, nameservers: ['192.0.2.53'] };
    const prove = { name: 'Prove', startedAt: isoAt(5), finishedAt: isoAt(6), result: 'Succeeded' } as const;
    const healed = { phase: 'Healed', finishedAt: isoAt(20), proof: aProofReport({ resolvConf }) } as const;
    stage.cluster.remediations = [aRemediation({ status: { ...healed, steps: [prove] } })];
    expect(await stage.says()).toMatchObject({ status: 'True', reason: 'Proven' });
    expect(stage.record()).toMatchObject({
      check: { why: 'Repaired', startedAt: isoAt(5), endedAt: isoAt(6), ...FACTS, outcome: 'proven' },
      provenAt: isoAt(6),
    });
  });
});

describe('many nodes of which something else is to be said at once', () => {
  const names = Array.from({ length: 5 }, (_, index) => `node-${index + 1}`);

  it('are written one after the other', async () => {
    for (const name of names) stage.given({ check: checkThat('proven'), found: GOOD }, name);
    stage.cluster.policies = [];
    const waits: number[] = [];
    for (const name of names) {
      const result = await stage.reconcile(name);
      waits.push(result.kind === 'requeue' ? result.afterMs : 0);
    }
    expect(waits).toEqual([0, 1, 2, 3, 4].map((turn) => turn * WRITE_EVERY_MS));
    expect(stage.cluster.patches).toHaveLength(1);
    stage.cluster.now += WRITE_EVERY_MS;
    for (const name of names) await stage.reconcile(name);
    expect(stage.cluster.patches).toHaveLength(2);
  });

  it('do not delay what is said of a node under repair', async () => {
    for (const name of names) stage.given({ check: checkThat('proven'), found: GOOD }, name);
    stage.cluster.policies = [];
    for (const name of names) await stage.reconcile(name);
    stage.cluster.remediations = [aRemediation({ node: 'node-5', status: { phase: 'Repairing' } })];
    await stage.reconcile('node-5');
    expect(stage.cluster.patches.map(({ metadata }) => metadata.uid)).toEqual([
      'uid-of-node-1',
      'uid-of-node-5',
    ]);
  });
});

describe('the number of nodes by reason', () => {
  const shown = async () => (await stage.metrics.scrape()).text.match(/^dnshealth_nodes.* [1-9]\d*$/gm);

  it('follows what is said, counts a node of which nothing is said as not checked, and forgets those that go', async () => {
    stage.fresh();
    await stage.reconcile();
    expect(await shown()).toEqual(['dnshealth_nodes{reason="NotChecked"} 1']);
    stage.given({ check: checkThat('proven'), found: GOOD });
    await stage.reconcile();
    expect(await shown()).toEqual(['dnshealth_nodes{reason="Proven"} 1']);
    stage.nodes.delete('node-1');
    await stage.reconcile();
    expect(await shown()).toBeNull();
  });

  it('does not count nodes that are not Linux', async () => {
    stage.fresh();
    const node = stage.nodes.get('node-1');
    if (node) stage.put({ ...node, isLinux: false });
    await stage.reconcile();
    expect(await shown()).toBeNull();
  });
});
