/** The only way in which a node is written: a JSON merge patch, with the version that was read as its precondition. */
import type { V1Node } from '@kubernetes/client-node';
import type { KubeClient } from '../kube/client.ts';
import { nodePath } from '../kube/read-node.ts';

/**
 * Under this name `metadata.managedFields` records what the operator wrote. Also the one that the API server derived
 * from the user agent of operators before this field was set.
 */
export const FIELD_MANAGER = 'dnshealth-operator';

/** @throws KubeError 409 when the node was changed since `node` was read. */
export async function patchNode(
  kube: KubeClient,
  node: V1Node,
  patch: { readonly metadata?: object; readonly spec?: object },
  signal: AbortSignal,
): Promise<void> {
  await kube.raw.request<V1Node>({
    method: 'PATCH',
    path: nodePath(node.metadata?.name ?? ''),
    query: { fieldManager: FIELD_MANAGER },
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
