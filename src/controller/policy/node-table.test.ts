import { describe, expect, it } from 'vitest';
import { at } from '../../../test/support/objects/builders.ts';
import { aDriftedRecord, aNodeRecord, aWatchedNode } from '../../../test/support/objects/node-records.ts';
import { aPolicy } from '../../../test/support/objects/sighting-cluster.ts';
import type { NodesStatus } from '../../api/nodes-status.ts';
import { type Policy, parsePolicy } from '../../observe/custom-resources.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Change, Listener } from '../../runtime/reflector/store.ts';
import { createNodeTable } from './node-table.ts';
import { createNodeTableReconciler } from './node-table-controller.ts';

/** The operator's view of nodes that are created, changed and deleted, with a clock that is moved by hand. */
function aCluster(...policies: readonly Policy[]) {
  const all = new Map<string, WatchedNode>();
  const listeners: Listener<WatchedNode>[] = [];
  const table = createNodeTable(
    { onChange: (listener) => (listeners.push(listener), () => {}) },
    { list: () => (policies.length > 0 ? policies : [aPolicy()]) },
  );
  const shown: NodesStatus[] = [];
  table.onChange(({ object }) => void shown.push(object));
  let now = at(0);
  const reconcile = createNodeTableReconciler({ nodeTable: table, now: () => now });

  const tell = (change: Change<WatchedNode>): void => {
    for (const listener of listeners) listener(change);
  };
  return {
    table,
    count: (uid = 'policy-1') => table.count().get(uid),
    shown,
    reconcile,
    at: (seconds: number) => void (now = at(seconds)),
    put: (object: WatchedNode): void => {
      const old = all.get(object.name);
      all.set(object.name, object);
      tell(
        old
          ? { kind: 'modified', key: object.name, object, old }
          : { kind: 'added', key: object.name, object },
      );
    },
    remove: (name: string): void => {
      const object = all.get(name);
      if (object) tell({ kind: 'deleted', key: name, object });
    },
  };
}
const fleet = (size: number, cluster: ReturnType<typeof aCluster>) => {
  for (let each = 0; each < size; each += 1) cluster.put(aWatchedNode(`node-${each}`));
};

describe('the table of nodes in the operator', () => {
  it('follows nodes that come, are checked and go', () => {
    const { count, put, remove } = aCluster();
    put(aWatchedNode('a'));
    expect(count()?.summary).toBe('0/1');
    put(aWatchedNode('a', aDriftedRecord()));
    put(aWatchedNode('b', aNodeRecord()));
    expect(count()).toMatchObject({ summary: '2/2', drifted: 1 });
    remove('a');
    expect(count()).toMatchObject({ summary: '1/1', drifted: 0, notProven: [] });
  });

  it('counts a node of which the record was removed, or cannot be read, as not checked', () => {
    const { count, put } = aCluster();
    put(aWatchedNode('a', aNodeRecord()));
    put(aWatchedNode('a'));
    expect(count()?.summary).toBe('0/1');
    put(aWatchedNode('a', null, { checks: 'by hand' }));
    expect(count()?.summary).toBe('0/1');
  });

  it('leaves out nodes that are being deleted, and those on which CoreDNS cannot run', () => {
    const { count, put } = aCluster();
    put(aWatchedNode('windows', null, { isLinux: false }));
    put(aWatchedNode('going', aNodeRecord()));
    put(aWatchedNode('going', aNodeRecord(), { deleting: true }));
    expect(count()?.total).toBe(0);
  });
});

describe('with several policies', () => {
  const policy = (name: string, uid: string, spec: object): Policy =>
    parsePolicy({
      metadata: { name, uid, resourceVersion: '1', creationTimestamp: '2026-03-01T10:00:00Z' },
      spec,
    });
  const pool = (name: string, uid: string, value: string) =>
    policy(name, uid, { nodeSelector: { matchLabels: { pool: value } } });

  it('each shows the nodes that it covers, and both how many no policy covers', () => {
    const cluster = aCluster(pool('a', 'uid-a', 'a'), pool('b', 'uid-b', 'b'));
    cluster.put(aWatchedNode('one', aNodeRecord(), { labels: { pool: 'a' } }));
    cluster.put(aWatchedNode('two', aDriftedRecord(), { labels: { pool: 'b' } }));
    cluster.put(aWatchedNode('three', aNodeRecord(), { labels: { pool: 'b' } }));
    cluster.put(aWatchedNode('four', aNodeRecord()));
    expect(cluster.count('uid-a')).toMatchObject({ total: 1, drifted: 0, notCovered: 1 });
    expect(cluster.count('uid-b')).toMatchObject({ total: 2, drifted: 1, notCovered: 1 });
  });

  it('a node moves to the other policy with its label, and its policy shows nothing more once it has no node', async () => {
    const cluster = aCluster(pool('a', 'uid-a', 'a'), pool('b', 'uid-b', 'b'));
    cluster.put(aWatchedNode('one', aNodeRecord(), { labels: { pool: 'a' } }));
    await cluster.reconcile();
    expect(cluster.table.keys()).toEqual(['uid-a']);
    cluster.put(aWatchedNode('one', aNodeRecord(), { labels: { pool: 'b' } }));
    cluster.at(2);
    await cluster.reconcile();
    expect(cluster.table.keys()).toEqual(['uid-b']);
    expect(cluster.table.get('uid-b')).toMatchObject({ total: 1 });
    expect(cluster.table.get('uid-b')?.notCovered).toBeUndefined();
  });
});

describe('the table that a policy shows', () => {
  it('is shown at once at first, and then only if something changed', async () => {
    const cluster = aCluster();
    fleet(2, cluster);
    expect(await cluster.reconcile()).toEqual({ kind: 'done' });
    expect(cluster.shown).toHaveLength(1);
    cluster.at(600);
    expect(await cluster.reconcile()).toEqual({ kind: 'done' });
    expect(cluster.shown).toHaveLength(1);
    expect(cluster.table.get('policy-1')?.summary).toBe('0/2');
  });

  it('shows a check within a second in a small cluster, and within a minute in a large one', async () => {
    for (const [size, seconds] of [
      [3, 1],
      [5_000, 60],
    ] as const) {
      const cluster = aCluster();
      fleet(size, cluster);
      await cluster.reconcile();
      cluster.put(aWatchedNode('node-0', aNodeRecord()));
      expect(await cluster.reconcile()).toEqual({ kind: 'requeue', afterMs: seconds * 1000 });
      cluster.at(seconds);
      expect(await cluster.reconcile()).toEqual({ kind: 'done' });
      expect(cluster.shown.at(-1)?.checked).toBe(1);
    }
  });

  it('shows a drift within ten seconds, even among 5,000 nodes', async () => {
    const cluster = aCluster();
    fleet(5_000, cluster);
    await cluster.reconcile();
    cluster.put(aWatchedNode('node-7', aDriftedRecord()));
    expect(await cluster.reconcile()).toEqual({ kind: 'requeue', afterMs: 10_000 });
    cluster.at(11);
    await cluster.reconcile();
    expect(cluster.shown.at(-1)?.notProven.map(({ node }) => node)).toEqual(['node-7']);
  });

  it('costs few writes: two hours of checks at 5,000 nodes, one each 14 s, once a minute', async () => {
    const cluster = aCluster();
    fleet(5_000, cluster);
    for (let each = 0; each < 500; each += 1) {
      cluster.at(each * 14.4);
      cluster.put(aWatchedNode(`node-${each}`, aNodeRecord()));
      await cluster.reconcile();
    }
    expect(cluster.shown.length).toBeGreaterThan(60);
    expect(cluster.shown.length).toBeLessThanOrEqual(121);
  });
});
