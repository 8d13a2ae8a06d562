/** On which nodes DNS pods run: counted as they change, because it is asked for every node, and there may be thousands of both. */
import type { DnsPod } from '../../observe/dns-pod.ts';
import type { Store } from '../../runtime/reflector/store.ts';

export interface DnsHosts {
  has(node: string): boolean;
}

/** Create it before any listener that asks it about a change of the same pods. */
export function createDnsHosts(pods: Pick<Store<DnsPod>, 'list' | 'onChange'>): DnsHosts {
  const counts = new Map<string, number>();
  function add(node: string, one: 1 | -1): void {
    const count = (counts.get(node) ?? 0) + one;
    if (count > 0) counts.set(node, count);
    else counts.delete(node);
  }
  for (const { node } of pods.list()) add(node, 1);
  pods.onChange((change) => {
    if (change.kind === 'modified') add(change.old.node, -1);
    add(change.object.node, change.kind === 'deleted' ? -1 : 1);
  });
  return { has: (node) => counts.has(node) };
}
