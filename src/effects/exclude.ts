/** Sets the label that keeps repairs off a node, with the reason beside it, and takes both away again. */

import { exclusionText, isExcludedFor } from '../api/exclusion.ts';
import { EXCLUDE_LABEL, EXCLUDE_REASON_ANNOTATION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import { patchNode } from './node-patch.ts';
import { NotOursError } from './not-ours.ts';

interface ExcludeRequest {
  readonly node: { readonly name: string; readonly uid: string };
  /** Name of the DNSRemediation of the rollback. */
  readonly remediation: string;
  readonly rollback: { readonly of: { readonly name: string }; readonly by: string; readonly reason: string };
}

/**
 * No-op where the node is excluded already, by whomever: that label and its reason stay as they are. A label with another
 * value excludes nothing and is overwritten.
 *
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 * @throws NotOursError when the node was replaced by another one of the same name
 */
export async function excludeNode(
  kube: KubeClient,
  { node: { name, uid }, remediation, rollback }: ExcludeRequest,
  signal: AbortSignal,
): Promise<void> {
  const node = await readNode(kube, name, signal);
  if (node?.metadata?.uid !== uid) throw new NotOursError(`node ${name} was deleted or replaced`);
  if (node.metadata.labels?.[EXCLUDE_LABEL] === 'true') return;
  const { of, by, reason } = rollback;
  const text = exclusionText({ remediation, of: of.name, by, reason });
  const metadata = {
    labels: { [EXCLUDE_LABEL]: 'true' },
    annotations: { [EXCLUDE_REASON_ANNOTATION]: text },
  };
  await patchNode(kube, node, { metadata }, signal);
}

/**
 * No-op unless the reason beside the label is that of this remediation, and for a deleted node.
 *
 * @throws KubeError 409 when the node was changed since it was read: read again and repeat
 */
export async function includeNode(
  kube: KubeClient,
  { node: name, remediation }: { readonly node: string; readonly remediation: string },
  signal: AbortSignal,
): Promise<void> {
  const node = await readNode(kube, name, signal);
  const why = node?.metadata?.annotations?.[EXCLUDE_REASON_ANNOTATION] ?? null;
  if (!node || !isExcludedFor(why, remediation)) return;
  const metadata = {
    labels: { [EXCLUDE_LABEL]: null },
    annotations: { [EXCLUDE_REASON_ANNOTATION]: null },
  };
  await patchNode(kube, node, { metadata }, signal);
}
