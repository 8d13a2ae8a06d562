/** How many nodes are in quarantine, and since when the oldest one is: from the marks of the nodes, whenever they are read. */
import { partsOfRecord } from '../api/quarantine-record.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Stores } from './stores.ts';

export function createQuarantineMetrics(
  metrics: Metrics,
  { nodeMarks }: Pick<Stores, 'nodeMarks'>,
  now: () => number,
): void {
  const nodes = metrics.gauge('dnshealth_quarantined_nodes', 'Nodes that carry a quarantine of the operator');
  const oldest = metrics.gauge(
    'dnshealth_quarantine_oldest_seconds',
    'Time since the beginning of the oldest quarantine that a node carries, 0 without one',
  );
  /** When this process first saw an annotation that gives no time, by node. */
  const firstSeen = new Map<string, number>();

  metrics.onScrape(() => {
    const held = nodeMarks.list().flatMap(({ name, text }) => (text === null ? [] : [{ name, text }]));
    const names = new Set(held.map(({ name }) => name));
    for (const name of firstSeen.keys()) if (!names.has(name)) firstSeen.delete(name);
    const since = held.map(({ name, text }) => partsOfRecord(text).since ?? seen(name));
    nodes.set(held.length);
    oldest.set(Math.max(0, ...since.map((at) => (now() - at) / 1000)));
  });

  function seen(name: string): number {
    const at = firstSeen.get(name) ?? now();
    firstSeen.set(name, at);
    return at;
  }
}
