/** The marks of a node: quarantine record and exclude label. Read from metadata only, so that 5,000 nodes cost little. */
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
  /** The text of the quarantine annotation; null without one. */
  readonly text: string | null;
  /** The remediation that holds the node in quarantine; null without one, or if the text cannot be read. */
  readonly record: QuarantineRecord | null;
  /** The value of the exclude label. */
  readonly exclude: string | null;
}

/** null for a node without any mark, as nearly all are. */
export function parseNodeMark(raw: unknown): NodeMark | null {
  const { metadata } = metadataSchema.parse(raw);
  const text = metadata.annotations?.[QUARANTINE_ANNOTATION] ?? null;
  const exclude = metadata.labels?.[EXCLUDE_LABEL] ?? null;
  if (text === null && exclude === null) return null;
  const record = text === null ? null : parseQuarantineRecord(text);
  return { name: metadata.name, uid: metadata.uid, text, record, exclude };
}
