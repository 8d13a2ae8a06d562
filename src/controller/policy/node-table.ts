/** The table of all nodes: follows their records, and holds what the policy shows of them. In memory only. */
import { parseNodeCheckRecord } from '../../api/node-check-record.ts';
import type { NodesStatus } from '../../api/nodes-status.ts';
import { type NodeRow, nodeRow, nodesStatus } from '../../health/nodes/table.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Change, Listener, Store } from '../../runtime/reflector/store.ts';

/** The only key. */
export const TABLE = 'nodes';

/** As a store: what is shown, under the key `TABLE`. */
export interface NodeTable extends Pick<Store<NodesStatus>, 'get' | 'keys' | 'onChange'> {
  /** What the nodes say now. */
  count(): NodesStatus;
  show(status: NodesStatus): void;
}

export function createNodeTable(nodes: Pick<Store<WatchedNode>, 'onChange'>): NodeTable {
  const rows = new Map<string, NodeRow>();
  const listeners = new Set<Listener<NodesStatus>>();
  let shown: NodesStatus | undefined;

  // A record is parsed when it changes, not whenever the nodes are counted.
  nodes.onChange((change) => {
    const { key, object } = change;
    if (change.kind === 'deleted' || !counts(object)) rows.delete(key);
    else if (concernsTable(change))
      rows.set(key, nodeRow(object.checks === null ? null : parseNodeCheckRecord(object.checks)));
  });

  return {
    get: (key) => (key === TABLE ? shown : undefined),
    keys: () => (shown ? [TABLE] : []),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    count: () => nodesStatus(rows),
    show(object) {
      const old = shown;
      shown = object;
      const change: Change<NodesStatus> = old
        ? { kind: 'modified', key: TABLE, object, old }
        : { kind: 'added', key: TABLE, object };
      for (const listener of listeners) listener(change);
    },
  };
}

/** The kubelet writes its status every few minutes, which changes nothing here. */
export const concernsTable = (change: Change<WatchedNode>): boolean =>
  change.kind !== 'modified' ||
  change.old.checks !== change.object.checks ||
  counts(change.old) !== counts(change.object);

const counts = ({ isLinux, deleting }: WatchedNode): boolean => isLinux && !deleting;
