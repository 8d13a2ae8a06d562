/** Removes what is known of a node: the condition `dnshealth.io/ResolverConfigured` and the record of checks beside it. */
import { CHECK_ANNOTATION } from '../api/keys.ts';
import { NODE_CONDITION } from '../api/node-condition.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { nodePath } from '../kube/read-node.ts';
import { FIELD_MANAGER } from './node-patch.ts';

/**
 * One strategic merge patch of the node's status, which deletes the condition by its type. No-op where the node, the
 * condition or the annotation is gone; no precondition, because it means the node of that name whichever it is.
 */
export async function removeNodeCheck(kube: KubeClient, node: string, signal: AbortSignal): Promise<void> {
  await nullIfNotFound(
    kube.raw.request({
      method: 'PATCH',
      path: `${nodePath(node)}/status`,
      query: { fieldManager: FIELD_MANAGER },
      isStrategic: true,
      body: {
        metadata: { annotations: { [CHECK_ANNOTATION]: null } },
        status: { conditions: [{ $patch: 'delete', type: NODE_CONDITION }] },
      },
      signal,
    }),
  );
}
