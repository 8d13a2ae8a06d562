/** The table of all nodes: follows their records, and holds what each policy shows of its nodes. In memory only. */
import { parseNodeCheckRecord } from '../../api/node-check-record.ts';
import type { NodesStatus } from '../../api/nodes-status.ts';
import { type NodeRow, nodeRow, nodesStatus } from '../../health/nodes/table.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import { coveredBy } from '../../remediation/scope/node-owner.ts';
import { type Labels, sameLabels } from '../../remediation/scope/node-selector.ts';
import type { Change, Listener, Store } from '../../runtime/reflector/store.ts';

/** The only key of its controller. */
export const TABLE = 'nodes';

/** By the uid of the policy: of each policy under which nodes are checked. */
export type NodeTables = ReadonlyMap<string, NodesStatus>;

/** As a store: what is shown. */
export interface NodeTable extends Pick<Store<NodesStatus>, 'get' | 'keys' | 'onChange'> {
  /** What the nodes say now. */
  count(): NodeTables;
  show(tables: NodeTables): void;
  /** false: this operator has not shown anything yet. */
  isKnown(): boolean;
}

interface Row extends NodeRow {
  readonly labels: Labels;
}

export function createNodeTable(
  nodes: Pick<Store<WatchedNode>, 'onChange'>,
  policies: Pick<Store<Policy>, 'list'>,
): NodeTable {
  const rows = new Map<string, Row>();
  const listeners = new Set<Listener<NodesStatus>>();
  let shown: NodeTables | null = null;

  // A record is parsed when it changes, not whenever the nodes are counted.
  nodes.onChange((change) => {
    const { key, object } = change;
    if (change.kind === 'deleted' || !counts(object)) rows.delete(key);
    else if (concernsTable(change))
      rows.set(key, {
        ...nodeRow(object.checks === null ? null : parseNodeCheckRecord(object.checks)),
        labels: object.labels,
      });
  });

  function tell(change: Change<NodesStatus>): void {
    for (const listener of listeners) listener(change);
  }

  function count(): NodeTables {
    const all = policies.list();
    const byPolicy = new Map<string, Map<string, Row>>();
    const ofPolicy = (uid: string): Map<string, Row> => {
      const own = byPolicy.get(uid) ?? new Map<string, Row>();
      byPolicy.set(uid, own);
      return own;
    };
    // Also where there is no node yet.
    const ofAll = coveredBy(all, null);
    if (ofAll && all.length === 1) return new Map([[ofAll.uid, nodesStatus(rows)]]);
    if (ofAll) ofPolicy(ofAll.uid);
    let notCovered = 0;
    for (const [name, row] of rows) {
      const policy = coveredBy(all, row.labels);
      if (policy) ofPolicy(policy.uid).set(name, row);
      else notCovered += 1;
    }
    return new Map([...byPolicy].map(([uid, own]) => [uid, nodesStatus(own, notCovered)]));
  }

  return {
    get: (uid) => shown?.get(uid),
    keys: () => [...(shown?.keys() ?? [])],
    isKnown: () => shown !== null,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    count,
    show(tables) {
      const before = shown;
      shown = tables;
      for (const [key, object] of tables) {
        const old = before?.get(key);
        tell(old ? { kind: 'modified', key, object, old } : { kind: 'added', key, object });
      }
      for (const [key, object] of before ?? []) if (!tables.has(key)) tell({ kind: 'deleted', key, object });
    },
  };
}

/** The kubelet writes its status every few minutes, which changes nothing here. */
export const concernsTable = (change: Change<WatchedNode>): boolean =>
  change.kind !== 'modified' ||
  change.old.checks !== change.object.checks ||
  !sameLabels(change.old.labels, change.object.labels) ||
  counts(change.old) !== counts(change.object);

const counts = ({ isLinux, deleting }: WatchedNode): boolean => isLinux && !deleting;
