/** Which nodes to check, and which of them no pod can be started on. */
import type { V1Node } from '@kubernetes/client-node';
import type { KubeClient } from '../../kube/client.ts';
import { PluginError } from '../errors.ts';
import type { CheckedNode } from './probe.ts';
import { asSentence, type NodeResult, notChecked, type Outcome } from './result.ts';

interface NodeList {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly V1Node[];
}

const PAGE = 500;

export interface Nodes {
  readonly checkable: readonly CheckedNode[];
  readonly others: readonly NodeResult[];
}

/** @param names of nodes; empty: all. @throws PluginError if the cluster has no node */
export async function findNodes(
  kube: KubeClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Nodes> {
  const all = await listNodes(kube, signal);
  if (all.length === 0) throw new PluginError('the cluster has no nodes');
  const byName = new Map(all.map((node) => [node.metadata?.name ?? '', node]));
  const checkable: CheckedNode[] = [];
  const others: NodeResult[] = [];
  for (const name of names.length > 0 ? new Set(names) : byName.keys()) {
    const node = byName.get(name);
    const reason = node ? whyNot(node) : notChecked('NodeMissing', 'The cluster has no node of that name.');
    if (reason) others.push({ node: name, ...reason });
    else checkable.push({ name, addresses: node?.status?.addresses?.map(({ address }) => address) ?? [] });
  }
  return { checkable, others };
}

async function listNodes(kube: KubeClient, signal: AbortSignal): Promise<readonly V1Node[]> {
  const nodes: V1Node[] = [];
  let next: string | undefined;
  do {
    const query = { limit: PAGE, continue: next };
    const page = await kube.raw.request<NodeList>({ method: 'GET', path: '/api/v1/nodes', query, signal });
    nodes.push(...page.items);
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return nodes;
}

function whyNot({ metadata, status }: V1Node): Outcome | undefined {
  const os = metadata?.labels?.['kubernetes.io/os'] ?? 'linux';
  if (os !== 'linux') return notChecked('NotLinux', `The node runs ${os}, and CoreDNS only Linux.`);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  const why = ready?.message || ready?.reason || 'its kubelet has reported nothing';
  return notChecked('NodeNotReady', asSentence(`The node is not ready: ${why}`));
}
