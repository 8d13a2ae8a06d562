/** Nodes that were found wrong a while ago and are next to be repaired: they are checked once more before that. */

export interface Wanted {
  has(node: string): boolean;
  /** Replaces all. */
  set(nodes: readonly string[]): void;
  /** Called with the name of a node that was not wanted before, or is not any more. */
  onChange(listener: (node: string) => void): void;
}

export function createWanted(): Wanted {
  let all: ReadonlySet<string> = new Set();
  const listeners = new Set<(node: string) => void>();
  return {
    has: (node) => all.has(node),
    set(nodes) {
      const before = all;
      all = new Set(nodes);
      const changed = [...before, ...all].filter((node) => before.has(node) !== all.has(node));
      for (const node of changed) for (const listener of listeners) listener(node);
    },
    onChange: (listener) => void listeners.add(listener),
  };
}
