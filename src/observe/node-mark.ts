/** The marks of the operator on nodes: quarantine record and exclude label. Read from metadata only, so that 5,000 nodes cost little. */
import * as z from 'zod';
import { EXCLUDE_LABEL, QUARANTINE_ANNOTATION } from '../api/keys.ts';
import { parseQuarantineRecord, type QuarantineRecord } from '../api/quarantine-record.ts';

const stringMap = z.record(z.string(), z.string()).nullish();
const metadataSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: stringMap,
    annotations: stringMap,
  }),
});

export interface NodeMark {
  readonly name: string;
  readonly uid: string;
  /** The remediation that holds the node in quarantine. */
  readonly record: QuarantineRecord | null;
  /** The value of the exclude label. */
  readonly exclude: string | null;
}

/** null for a node without any mark, as nearly all are. */
export function parseNodeMark(raw: unknown): NodeMark | null {
  const { metadata } = metadataSchema.parse(raw);
  const text = metadata.annotations?.[QUARANTINE_ANNOTATION];
  const record = text === undefined ? null : parseQuarantineRecord(text);
  const exclude = metadata.labels?.[EXCLUDE_LABEL] ?? null;
  if (record === null && exclude === null) return null;
  return { name: metadata.name, uid: metadata.uid, record, exclude };
}
