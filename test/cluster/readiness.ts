/** Waits for the stages of a cluster's start: the apiserver, the nodes, CoreDNS on each of them. */
import type { NodePlan } from './address-plan.ts';
import { type ApiClient, hasCondition, type Node, type Pod } from './api-client.ts';
import { until } from './until.ts';

const DNS_PODS = '/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns';

/** Pods of the cluster's DNS that are not being deleted. */
export async function dnsPods(api: ApiClient, node?: string): Promise<Pod[]> {
  const { items } = await api.json<{ items: Pod[] }>(DNS_PODS);
  return items.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && (node === undefined || pod.spec.nodeName === node),
  );
}

export async function apiserverReady(api: ApiClient, timeoutMs: number): Promise<void> {
  await until(async () => (await api.text('/readyz')) === 'ok' || undefined, {
    what: 'the apiserver to be ready',
    timeoutMs,
    everyMs: 100,
  });
}

/**
 * Ready, and without the taint of a new node, which is removed shortly after the condition changes: pods created in
 * between would all be placed on the first node without it.
 */
export async function nodesReady(api: ApiClient, count: number, timeoutMs: number): Promise<void> {
  await until(
    async () => {
      const { items } = await api.json<{ items: Node[] }>('/api/v1/nodes');
      return (
        items.filter((node) => hasCondition(node, 'Ready') && !isNew(node)).length === count || undefined
      );
    },
    { what: `${count} nodes to be Ready`, timeoutMs },
  );
}

function isNew(node: Node): boolean {
  return node.spec.taints?.some((taint) => taint.key === 'node.kubernetes.io/not-ready') ?? false;
}

/** A Ready CoreDNS pod on each of the nodes. */
export async function dnsReady(api: ApiClient, nodes: readonly NodePlan[], timeoutMs: number): Promise<void> {
  await until(
    async () => {
      const ready = (await dnsPods(api)).filter((pod) => hasCondition(pod, 'Ready'));
      return nodes.every((node) => ready.some((pod) => pod.spec.nodeName === node.name)) || undefined;
    },
    { what: 'a Ready CoreDNS pod on each node', timeoutMs },
  );
}
