/** Nodes that were found wrong a while ago and are next to be repaired: they are checked once more before that. */

export interface Wanted {
  has(node: string): boolean;
  /** Replaces all. */
  set(nodes: readonly string[]): void;
  /** Called with the name of a node that was not wanted before. */
  onChange(listener: (node: string) => void): void;
}

export function createWanted(): Wanted {
  let all: ReadonlySet<string> = new Set();
  const listeners = new Set<(node: string) => void>();
  return {
    has: (node) => all.has(node),
    set(nodes) {
      const fresh = nodes.filter((node) => !all.has(node));
      all = new Set(nodes);
      for (const node of fresh) for (const listener of listeners) listener(node);
    },
    onChange: (listener) => void listeners.add(listener),
  };
}
