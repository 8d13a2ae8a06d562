/** Gives a node back exactly as it was found. */
import { QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY, QUARANTINED_BY_LABEL } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { patchNode } from './node-patch.ts';
import { foreignTaints, readRecord } from './quarantine.ts';

/**
 * Removes the record and what the record says is ours: the cordon if the node was schedulable before, our
 * taint, nothing else. A node without this remediation's record, or one that is gone, is not written.
 *
 * @throws KubeError 409 when the node changed meanwhile: read again and repeat
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
  if (record.strategy === 'Cordon' && !record.wasUnschedulable) spec.unschedulable = null;
  if (node.spec?.taints?.some((taint) => taint.key === QUARANTINE_TAINT_KEY)) {
    const rest = foreignTaints(node);
    spec.taints = rest.length > 0 ? rest : null;
  }
  const metadata = {
    annotations: { [QUARANTINE_ANNOTATION]: null },
    // Whatever its value is by now: only the annotation counts.
    labels: { [QUARANTINED_BY_LABEL]: null },
  };
  await patchNode(kube, node, { metadata, spec }, signal);
}
