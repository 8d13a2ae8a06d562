/** The nodes of a rig, lent to concurrent tests: each has one for itself, in the order in which they ask. */

export interface NodePool {
  /** Waits until a node is free; it is free again when `work` has ended, however. */
  withOne<T>(work: (node: string) => Promise<T>): Promise<T>;
}

export function createPool(nodes: readonly string[]): NodePool {
  const free = [...nodes];
  const waiting: ((node: string) => void)[] = [];
  const take = async (): Promise<string> => {
    const node = free.shift();
    return node ?? new Promise((resolve) => waiting.push(resolve));
  };
  return {
    async withOne(work) {
      const node = await take();
      try {
        return await work(node);
      } finally {
        const next = waiting.shift();
        if (next) next(node);
        else free.push(node);
      }
    },
  };
}
