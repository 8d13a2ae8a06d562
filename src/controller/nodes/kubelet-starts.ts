/** When the kubelet of each node was last started, as far as its events tell. */
import type { KubeletStart } from '../../observe/kubelet-start.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Change, Store } from '../../runtime/reflector/store.ts';

export interface KubeletStarts {
  /** Epoch milliseconds; null if no event of it is left. */
  of(node: string): number | null;
  /** Called with the name of a node whose kubelet was started. */
  onStart(listener: (node: string) => void): () => void;
}

/** An event is kept for an hour by default; what was seen of it stays known for longer. */
export function createKubeletStarts(
  events: Pick<Store<KubeletStart>, 'list' | 'onChange'>,
  nodes: Pick<Store<WatchedNode>, 'onChange'>,
): KubeletStarts {
  const last = new Map<string, number>();
  const listeners = new Set<(node: string) => void>();
  const note = ({ node, at }: KubeletStart): boolean => {
    if (at <= (last.get(node) ?? 0)) return false;
    last.set(node, at);
    return true;
  };
  for (const start of events.list()) note(start);
  events.onChange((change: Change<KubeletStart>) => {
    if (change.kind === 'deleted' || !note(change.object)) return;
    for (const listener of listeners) listener(change.object.node);
  });
  nodes.onChange(({ kind, key }) => {
    if (kind === 'deleted') last.delete(key);
  });
  return {
    of: (node) => last.get(node) ?? null,
    onStart(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
