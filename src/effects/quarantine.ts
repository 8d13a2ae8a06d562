/** Takes a node out of scheduling, and records its previous state in the same patch. */
import type { V1Node, V1Taint } from '@kubernetes/client-node';
import { QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY, QUARANTINED_BY_LABEL } from '../api/keys.ts';
import {
  isHeldBy,
  parseQuarantineRecord,
  type QuarantineRecord,
  RECORD_VERSION,
} from '../api/quarantine-record.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { patchNode } from './node-patch.ts';
import { NotOursError } from './not-ours.ts';

export interface QuarantineRequest {
  readonly node: { readonly name: string; readonly uid: string };
  readonly remediation: { readonly name: string; readonly uid: string };
  readonly strategy: 'Cordon' | 'Taint';
  /** RFC 3339; becomes the record's `since`. */
  readonly since: string;
}

/**
 * Cordons or taints the node.
 *
 * Merge patch with the resourceVersion that was read. Not server-side apply or a strategic merge patch: taints are an
 * atomic list, so the former conflicts with entries of others and the latter removes them.
 * No-op if the node already carries this remediation's record, which is returned.
 *
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 * @throws NotOursError when another remediation holds the node, when it was replaced by another node of the same name,
 *   or when its record cannot be read: the previous state would be lost
 */
export async function quarantineNode(
  kube: KubeClient,
  request: QuarantineRequest,
  signal: AbortSignal,
): Promise<QuarantineRecord> {
  const node = await readNode(kube, request.node.name, signal);
  if (node?.metadata?.uid !== request.node.uid)
    throw new NotOursError(
      `node ${request.node.name} was deleted or replaced: its uid is not the one in ${request.remediation.name}`,
    );
  const existing = readRecord(node);
  if (existing && isHeldBy(existing, request.remediation)) return existing;
  if (existing) throw new NotOursError(`node ${request.node.name} is held by ${existing.remediation}`);
  if (node.metadata.annotations?.[QUARANTINE_ANNOTATION] !== undefined)
    throw new NotOursError(
      `the annotation ${QUARANTINE_ANNOTATION} of node ${request.node.name} cannot be read`,
    );

  const record: QuarantineRecord = {
    version: RECORD_VERSION,
    remediation: request.remediation.name,
    uid: request.remediation.uid,
    strategy: request.strategy,
    wasUnschedulable: node.spec?.unschedulable === true,
    since: request.since,
  };
  const spec =
    request.strategy === 'Cordon'
      ? { unschedulable: true }
      : { taints: [...foreignTaints(node), { key: QUARANTINE_TAINT_KEY, effect: 'NoSchedule' }] };
  await patchNode(
    kube,
    node,
    {
      metadata: {
        annotations: { [QUARANTINE_ANNOTATION]: JSON.stringify(record) },
        labels: { [QUARANTINED_BY_LABEL]: request.remediation.name },
      },
      spec,
    },
    signal,
  );
  return record;
}

/** The record on a node; null if there is none, or one that cannot be parsed. */
export function readRecord(node: V1Node): QuarantineRecord | null {
  const text = node.metadata?.annotations?.[QUARANTINE_ANNOTATION];
  return text === undefined ? null : parseQuarantineRecord(text);
}

/** All taints but ours, unchanged. */
export const foreignTaints = (node: V1Node): V1Taint[] =>
  (node.spec?.taints ?? []).filter((taint) => taint.key !== QUARANTINE_TAINT_KEY);
