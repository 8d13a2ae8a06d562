/** Writes what is known of a node: the condition `dnshealth.io/ResolverConfigured` and the record of checks beside it. */
import { CHECK_ANNOTATION } from '../api/keys.ts';
import type { NodeCheckRecord } from '../api/node-check-record.ts';
import { NODE_CONDITION, statusOf } from '../api/node-condition.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { nodePath } from '../kube/read-node.ts';
import { FIELD_MANAGER } from './node-patch.ts';

/** The answer is not read, and a whole node has twelve kilobytes. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

export interface NodeCheckWrite {
  readonly node: { readonly name: string; readonly uid: string };
  readonly record: NodeCheckRecord;
}

/**
 * One strategic merge patch of the node's status, which leaves the conditions of others alone: the kubelet writes its own
 * every few seconds, so that a version as precondition would fail. Metadata is written through the status as well.
 *
 * @returns the resourceVersion that the node got by that; null if there is no node of that name
 * @throws KubeError 409 if the node of that name is another one
 */
export async function writeNodeCheck(
  kube: KubeClient,
  { node, record }: NodeCheckWrite,
  signal: AbortSignal,
): Promise<string | null> {
  const { reason, message, since, writtenAt } = record.condition;
  const written = await nullIfNotFound(
    kube.raw.request<{ readonly metadata: { readonly resourceVersion: string } }>({
      method: 'PATCH',
      path: `${nodePath(node.name)}/status`,
      query: { fieldManager: FIELD_MANAGER },
      isStrategic: true,
      accept: METADATA_ONLY,
      body: {
        metadata: { uid: node.uid, annotations: { [CHECK_ANNOTATION]: JSON.stringify(record) } },
        status: {
          conditions: [
            {
              type: NODE_CONDITION,
              status: statusOf(reason),
              reason,
              message,
              lastTransitionTime: since,
              lastHeartbeatTime: writtenAt,
            },
          ],
        },
      },
      signal,
    }),
  );
  return written?.metadata.resourceVersion ?? null;
}
