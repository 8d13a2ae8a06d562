/** Releases a node and restores its previous scheduling state exactly. */
import { QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY, QUARANTINED_BY_LABEL } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { cordonOwner } from './cordon-owner.ts';
import { patchNode } from './node-patch.ts';
import { foreignTaints, readRecord } from './quarantine.ts';

/**
 * Removes the record, its label and what the quarantine added according to the record: our taint, and the cordon if the
 * node was schedulable before and no one else has written `spec.unschedulable` since. No-op for a node without this
 * remediation's record and for a deleted one.
 *
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 */
export async function releaseNode(
  kube: KubeClient,
  request: { readonly node: string; readonly remediation: string },
  signal: AbortSignal,
): Promise<void> {
  const node = await readNode(kube, request.node, signal);
  const record = node && readRecord(node);
  if (!node || record?.remediation !== request.remediation) return;
  const spec: { unschedulable?: null; taints?: object[] | null } = {};
  const cordonIsOurs = record.strategy === 'Cordon' && !record.wasUnschedulable;
  if (cordonIsOurs && cordonOwner(node) !== 'theirs') spec.unschedulable = null;
  if (node.spec?.taints?.some((taint) => taint.key === QUARANTINE_TAINT_KEY)) {
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
