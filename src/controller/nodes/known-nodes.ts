/** What is known of nodes beyond their metadata. In memory only: a new leader looks again. */
import type { NodeFacts } from '../../observe/node-facts.ts';
import type { WatchedNode } from '../../observe/watched-node.ts';
import type { Listener, Store } from '../../runtime/reflector/store.ts';

/** Keys: name. */
export interface KnownNodes extends Pick<Store<NodeFacts>, 'get' | 'keys' | 'onChange'> {
  put(facts: NodeFacts): void;
  forget(name: string): void;
}

export function createKnownNodes(nodes: Pick<Store<WatchedNode>, 'onChange'>): KnownNodes {
  const all = new Map<string, NodeFacts>();
  const listeners = new Set<Listener<NodeFacts>>();

  nodes.onChange(({ kind, key }) => {
    if (kind === 'deleted') all.delete(key);
  });
  return {
    get: (name) => all.get(name),
    keys: () => [...all.keys()],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    put(facts) {
      const key = facts.name;
      const old = all.get(key);
      // A look finds most nodes as they were: the old object is kept, and nobody is woken.
      if (old && JSON.stringify(old) === JSON.stringify(facts)) return;
      all.set(key, facts);
      const change = old
        ? ({ kind: 'modified', key, object: facts, old } as const)
        : ({ kind: 'added', key, object: facts } as const);
      for (const listener of listeners) listener(change);
    },
    forget: (name) => void all.delete(name),
  };
}
