/** The one way in which a node is written: a JSON merge patch bound to the version that was read. */
import type { V1Node } from '@kubernetes/client-node';
import type { KubeClient } from '../kube/client.ts';

const nodePath = (name: string): string => `/api/v1/nodes/${encodeURIComponent(name)}`;

/** Reads a node straight from the apiserver: a decision about a node is never made from a cache. */
export async function readNode(kube: KubeClient, name: string, signal: AbortSignal): Promise<V1Node> {
  return kube.raw.request<V1Node>({ method: 'GET', path: nodePath(name), signal });
}

/** @throws KubeError 409 when the node was changed by anybody since `node` was read. */
export async function patchNode(
  kube: KubeClient,
  node: V1Node,
  patch: { readonly metadata?: object; readonly spec?: object },
  signal: AbortSignal,
): Promise<void> {
  await kube.raw.request<V1Node>({
    method: 'PATCH',
    path: nodePath(node.metadata?.name ?? ''),
    contentType: 'application/merge-patch+json',
    body: {
      ...patch,
      metadata: {
        ...patch.metadata,
        uid: node.metadata?.uid,
        resourceVersion: node.metadata?.resourceVersion,
      },
    },
    signal,
  });
}
