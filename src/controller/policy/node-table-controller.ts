/** Shows the table of all nodes when it has changed, but not at every check: each time, a policy is read and written. */
import { isDeepStrictEqual } from 'node:util';
import { isUrgent } from '../../health/nodes/table.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { NodeTable, NodeTables } from './node-table.ts';

/** Shortest time between two tables for each node: with 5,000 nodes and a check a second, a table a minute. */
const PER_NODE_MS = 12;
const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Where a node was found wrong, someone may be watching. */
const LONGEST_URGENT_MS = 10_000;

interface NodeTableOptions {
  readonly nodeTable: NodeTable;
  readonly now: () => number;
}

/** Returns the reconcile function. The only key is `TABLE`. */
export function createNodeTableReconciler({ nodeTable, now }: NodeTableOptions) {
  let shownAt = Number.NEGATIVE_INFINITY;
  return async function reconcile(): Promise<Result> {
    const shown: NodeTables = new Map(
      nodeTable.keys().flatMap((uid) => {
        const table = nodeTable.get(uid);
        return table ? [[uid, table] as const] : [];
      }),
    );
    const next = nodeTable.count();
    if (nodeTable.isKnown() && isDeepStrictEqual(shown, next)) return { kind: 'done' };
    const tables = [...next];
    const isNews = tables.some(([uid, table]) => isUrgent(shown.get(uid) ?? null, table));
    const total = tables.reduce((sum, [, table]) => sum + table.total, 0);
    const longest = isNews ? LONGEST_URGENT_MS : LONGEST_MS;
    const restMs = shownAt + Math.min(longest, Math.max(SHORTEST_MS, total * PER_NODE_MS)) - now();
    if (restMs > 0) return { kind: 'requeue', afterMs: restMs };
    shownAt = now();
    nodeTable.show(next);
    return { kind: 'done' };
  };
}
