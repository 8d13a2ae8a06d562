/** What nodes say of their checks: their annotations in the cache, and what was written since and is not there yet. */
import { type NodeCheckRecord, parseNodeCheckRecord } from '../../api/node-check-record.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Store } from '../../runtime/reflector/store.ts';

export interface NodeRecords {
  /** null if nothing is known of the node, or nothing that this version can read. */
  of(node: Pick<WatchedNode, 'name' | 'uid' | 'checks'>): NodeCheckRecord | null;
  wrote(node: { readonly name: string; readonly uid: string }, record: NodeCheckRecord): void;
}

export function createNodeRecords(nodes: Pick<Store<WatchedNode>, 'onChange'>): NodeRecords {
  const written = new Map<string, { readonly uid: string; readonly record: NodeCheckRecord }>();

  // Whatever comes after a write: the write itself, something that overwrote it, or the end of the node.
  nodes.onChange(({ key, object }) => {
    const own = written.get(key);
    if (own && (object.uid !== own.uid || object.checks === JSON.stringify(own.record))) written.delete(key);
  });

  return {
    of({ name, uid, checks }) {
      const own = written.get(name);
      if (own?.uid === uid) return own.record;
      return checks === null ? null : parseNodeCheckRecord(checks);
    },
    wrote: ({ name, uid }, record) => void written.set(name, { uid, record }),
  };
}
