/** Which nodes to check, and which of them no pod can be started on. */
import type { V1Node } from '@kubernetes/client-node';
import type { KubeClient } from '../../kube/client.ts';
import { readNode } from '../../kube/read-node.ts';
import { PluginError } from '../errors.ts';
import type { CheckedNode } from './probe.ts';
import { asSentence, type NotChecked, notChecked } from './result.ts';

interface NodeList {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly V1Node[];
}

const PAGE = 500;

export interface Nodes {
  readonly checkable: readonly CheckedNode[];
  readonly others: readonly (NotChecked & { readonly node: string })[];
}

/** @param names of nodes, which are read one by one; empty: all. @throws PluginError if the cluster has no node */
export async function findNodes(
  kube: KubeClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Nodes> {
  const found = names.length > 0 ? readNodes(kube, names, signal) : listNodes(kube, signal);
  const checkable: CheckedNode[] = [];
  const others: (NotChecked & { readonly node: string })[] = [];
  for await (const { name, node } of found) {
    const reason = node ? whyNot(node) : notChecked('NodeMissing', 'The cluster has no node of that name.');
    if (reason) others.push({ node: name, ...reason });
    else checkable.push({ name, addresses: node?.status?.addresses?.map(({ address }) => address) ?? [] });
  }
  if (checkable.length + others.length === 0) throw new PluginError('the cluster has no nodes');
  return { checkable, others };
}

interface Found {
  readonly name: string;
  readonly node: V1Node | null;
}

async function* readNodes(
  kube: KubeClient,
  names: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Found> {
  for (const name of new Set(names)) yield { name, node: await readNode(kube, name, signal) };
}

/** One page at a time: a node has twelve kilobytes, of which its name and its addresses are kept. */
async function* listNodes(kube: KubeClient, signal: AbortSignal): AsyncGenerator<Found> {
  let next: string | undefined;
  do {
    const query = { limit: PAGE, continue: next };
    const page = await kube.raw.request<NodeList>({ method: 'GET', path: '/api/v1/nodes', query, signal });
    for (const node of page.items) yield { name: node.metadata?.name ?? '', node };
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
}

function whyNot({ metadata, status }: V1Node): NotChecked | undefined {
  const os = metadata?.labels?.['kubernetes.io/os'] ?? 'linux';
  if (os !== 'linux') return notChecked('NotLinux', `The node runs ${os}, and CoreDNS only Linux.`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  const why = ready?.message || ready?.reason || 'its kubelet has reported nothing';
  return notChecked('NodeNotReady', asSentence(`The node is not ready: ${why}`));
}
