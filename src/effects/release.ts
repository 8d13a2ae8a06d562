/** Releases a node and restores its previous scheduling state exactly. */
import type { V1Node } from '@kubernetes/client-node';
import { QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY, QUARANTINED_BY_LABEL } from '../api/keys.ts';
import { isHeldBy, partsOfRecord } from '../api/quarantine-record.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { cordonOwner } from './cordon-owner.ts';
import { patchNode } from './node-patch.ts';
import { foreignTaints, readRecord } from './quarantine.ts';

interface ReleaseRequest {
  readonly node: string;
  readonly remediation: { readonly name: string; readonly uid: string };
  /** What the quarantine did to the node, if the remediation holds it as far as it knows. */
  readonly held?:
    | { readonly strategy: 'Cordon' | 'Taint'; readonly nodeWasUnschedulable: boolean }
    | undefined;
}

/**
 * Removes the record, its label and what the quarantine added according to the record: our taint, and the cordon if the
 * node was schedulable before and no one else has written `spec.unschedulable` since. No-op for a node with the record of
 * another remediation and for a deleted one. Where someone removed the record, nobody holds the node, and what is left of
 * the quarantine goes: the label, our taint, and a cordon that is proven to be ours.
 *
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 */
export async function releaseNode(
  kube: KubeClient,
  request: ReleaseRequest,
  signal: AbortSignal,
): Promise<void> {
  const node = await readNode(kube, request.node, signal);
  if (node && request.held && node.metadata?.annotations?.[QUARANTINE_ANNOTATION] === undefined)
    return removeRest(kube, node, request.held, signal);
  const record = node && readRecord(node);
  if (!node || !record || !isHeldBy(record, request.remediation)) return;
  const cordonIsOurs = record.strategy === 'Cordon' && !record.wasUnschedulable;
  await removeMark(kube, node, { uncordon: cordonIsOurs && cordonOwner(node) !== 'theirs' }, signal);
}

/** Of a quarantine whose record is gone. */
async function removeRest(
  kube: KubeClient,
  node: V1Node,
  { strategy, nodeWasUnschedulable }: NonNullable<ReleaseRequest['held']>,
  signal: AbortSignal,
): Promise<void> {
  const uncordon = strategy === 'Cordon' && !nodeWasUnschedulable && cordonOwner(node) === 'ours';
  const isMarked = node.metadata?.labels?.[QUARANTINED_BY_LABEL] !== undefined || hasOurTaint(node);
  if (isMarked || uncordon) await removeMark(kube, node, { uncordon }, signal);
}

const hasOurTaint = ({ spec }: V1Node): boolean =>
  spec?.taints?.some(({ key }) => key === QUARANTINE_TAINT_KEY) ?? false;

/** What a release without a remediation left of the cordon: there was none, it was ours, or it is not provably ours. */
export type CordonLeft = 'none' | 'removed' | 'kept';

/**
 * Releases a node whose remediation cannot: removes the annotation, the label and our taint. The cordon is removed only
 * where it is proven to be ours: the annotation says so, and `metadata.managedFields` names no other writer.
 *
 * @param request.text of the annotation; null for a node without it, which may carry the label or the taint still
 * @returns null if the node is gone or its annotation is not this text any more; nothing was written
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 */
export async function releaseOrphan(
  kube: KubeClient,
  request: { readonly node: string; readonly text: string | null },
  signal: AbortSignal,
): Promise<CordonLeft | null> {
  const node = await readNode(kube, request.node, signal);
  if (!node || (node.metadata?.annotations?.[QUARANTINE_ANNOTATION] ?? null) !== request.text) return null;
  const saysCordoned = request.text !== null && partsOfRecord(request.text).saysCordoned;
  const uncordon = saysCordoned && cordonOwner(node) === 'ours';
  await removeMark(kube, node, { uncordon }, signal);
  if (node.spec?.unschedulable !== true) return 'none';
  return uncordon ? 'removed' : 'kept';
}

async function removeMark(
  kube: KubeClient,
  node: V1Node,
  { uncordon }: { readonly uncordon: boolean },
  signal: AbortSignal,
): Promise<void> {
  const spec: { unschedulable?: null; taints?: object[] | null } = {};
  if (uncordon) spec.unschedulable = null;
  if (hasOurTaint(node)) {
    const rest = foreignTaints(node);
    spec.taints = rest.length > 0 ? rest : null;
  }
  const metadata = {
    annotations: { [QUARANTINE_ANNOTATION]: null },
    // Whatever its value is: only the annotation is the record.
    labels: { [QUARANTINED_BY_LABEL]: null },
  };
  await patchNode(kube, node, { metadata, spec }, signal);
}
