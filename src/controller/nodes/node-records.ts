/** What nodes say of their checks: their annotations in the cache, and what was written since and is not there yet. */
import { type NodeCheckRecord, parseNodeCheckRecord } from '../../api/node-check-record.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Store } from '../../runtime/reflector/store.ts';
import { isOlder } from '../../runtime/resource-version.ts';

type NodeID = Pick<WatchedNode, 'name' | 'uid'>;

export interface NodeRecords {
  /** null if nothing is known of the node, or nothing that this version can read. */
  of(node: Pick<WatchedNode, 'name' | 'uid' | 'checks'>): NodeCheckRecord | null;
  /**
   * Whether the result of a check that was started at this time (epoch milliseconds) is recorded. It stays so for this
   * process when an administrator removes the annotation, which makes the node one that was never checked: the old result
   * must not be written again from a pod or an incident that still exists.
   */
  covers(node: Pick<WatchedNode, 'name' | 'uid' | 'checks'>, startedAt: number): boolean;
  /** @param resourceVersion that the node got by the write */
  wrote(node: NodeID, record: NodeCheckRecord, resourceVersion: string): void;
  /** Called with the name of a node whose record was written. */
  onWrite(listener: (node: string) => void): void;
}

interface Written {
  readonly uid: string;
  readonly record: NodeCheckRecord;
  readonly resourceVersion: string;
}

export function createNodeRecords(nodes: Pick<Store<WatchedNode>, 'get' | 'onChange'>): NodeRecords {
  /** Until the cache has caught up; by name. */
  const written = new Map<string, Written>();
  /** Start of the newest check that was recorded by this process; by uid. */
  const newest = new Map<string, number>();
  const listeners = new Set<(node: string) => void>();

  nodes.onChange(({ kind, key, object }) => {
    const own = written.get(key);
    if (own && (object.uid !== own.uid || !isOlder(object.resourceVersion, own.resourceVersion)))
      written.delete(key);
    if (kind === 'deleted') newest.delete(object.uid);
  });

  function of({ name, uid, checks }: Pick<WatchedNode, 'name' | 'uid' | 'checks'>): NodeCheckRecord | null {
    const own = written.get(name);
    if (own?.uid === uid) return own.record;
    return checks === null ? null : parseNodeCheckRecord(checks);
  }

  return {
    of,
    covers: (node, startedAt) =>
      startedAt <= (newest.get(node.uid) ?? 0) || startedAt <= Date.parse(of(node)?.check?.startedAt ?? ''),
    wrote({ name, uid }, record, resourceVersion) {
      const cached = nodes.get(name);
      // The watch can be faster than the response.
      if (cached?.uid === uid && isOlder(cached.resourceVersion, resourceVersion))
        written.set(name, { uid, record, resourceVersion });
      if (record.check) newest.set(uid, Date.parse(record.check.startedAt));
      for (const listener of listeners) listener(name);
    },
    onWrite: (listener) => void listeners.add(listener),
  };
}
