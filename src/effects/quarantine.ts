/** Takes a node out of scheduling, with the record of how it was in the same patch. */
import type { V1Node, V1Taint } from '@kubernetes/client-node';
import { QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY, QUARANTINED_BY_LABEL } from '../api/keys.ts';
import { parseQuarantineRecord, type QuarantineRecord } from '../api/quarantine-record.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { patchNode } from './node-patch.ts';
import { NotOursError } from './not-ours.ts';

export interface QuarantineRequest {
  readonly node: { readonly name: string; readonly uid: string };
  readonly remediation: string;
  readonly strategy: 'Cordon' | 'Taint';
  /** RFC 3339; becomes the record's `since`. */
  readonly since: string;
}

/**
 * Cordons or taints the node.
 *
 * Merge patch with the resourceVersion that was read. Not server-side apply or a strategic patch: taints are an
 * atomic list, of which the one conflicts with and the other wipes foreign entries.
 * A node that already carries this remediation's record is left alone and its record returned.
 *
 * @throws KubeError 409 when the node changed meanwhile: read again and repeat
 * @throws NotOursError when another remediation holds the node, or it is another node of the same name, or its
 *   record cannot be read: what was before would be lost
 */
export async function quarantineNode(
  kube: KubeClient,
  request: QuarantineRequest,
  signal: AbortSignal,
): Promise<QuarantineRecord> {
  const node = await readNode(kube, request.node.name, signal);
  if (node?.metadata?.uid !== request.node.uid)
    throw new NotOursError(`node ${request.node.name} is not the node of ${request.remediation} any more`);
  const standing = readRecord(node);
  if (standing?.remediation === request.remediation) return standing;
  if (standing) throw new NotOursError(`node ${request.node.name} is held by ${standing.remediation}`);
  if (node.metadata.annotations?.[QUARANTINE_ANNOTATION] !== undefined)
    throw new NotOursError(`node ${request.node.name} carries a quarantine record that cannot be read`);

  const record: QuarantineRecord = {
    remediation: request.remediation,
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
        labels: { [QUARANTINED_BY_LABEL]: request.remediation },
      },
      spec,
    },
    signal,
  );
  return record;
}

/** The record on a node; null where there is none, or one that is not ours to understand. */
export function readRecord(node: V1Node): QuarantineRecord | null {
  const text = node.metadata?.annotations?.[QUARANTINE_ANNOTATION];
  return text === undefined ? null : parseQuarantineRecord(text);
}

/** All taints but ours, as they stand. */
export const foreignTaints = (node: V1Node): V1Taint[] =>
  (node.spec?.taints ?? []).filter((taint) => taint.key !== QUARANTINE_TAINT_KEY);
