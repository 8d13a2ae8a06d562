/** Who set `spec.unschedulable` of a node, according to its `metadata.managedFields`. */
import type { V1Node } from '@kubernetes/client-node';
import { isRecord } from '../api/is-record.ts';
import { FIELD_MANAGER } from './node-patch.ts';

/**
 * - `ours`: only the operator wrote the cordon
 * - `theirs`: someone else wrote it, alone or beside the operator (server-side apply)
 * - `unknown`: no writer is recorded
 *
 * A write that changes nothing is not recorded: `kubectl cordon` on a node that is cordoned cannot be seen.
 */
export function cordonOwner(node: V1Node): 'ours' | 'theirs' | 'unknown' {
  const writers = (node.metadata?.managedFields ?? [])
    .filter(({ fieldsV1 }) => ownsCordon(fieldsV1))
    .map(({ manager }) => manager);
  if (writers.length === 0) return 'unknown';
  return writers.every((writer) => writer === FIELD_MANAGER) ? 'ours' : 'theirs';
}

/** In the API's FieldsV1 a field is a key with the prefix "f:". */
function ownsCordon(fields: unknown): boolean {
  const spec = isRecord(fields) ? fields['f:spec'] : undefined;
  return isRecord(spec) && 'f:unschedulable' in spec;
}
