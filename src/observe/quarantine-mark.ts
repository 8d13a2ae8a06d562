/** Of all nodes only this is cached: who holds them in quarantine. Read from their metadata, so 5,000 nodes cost little. */
import * as z from 'zod';
import { QUARANTINE_ANNOTATION } from '../api/keys.ts';
import { parseQuarantineRecord, type QuarantineRecord } from '../api/quarantine-record.ts';

const metadataSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
});

export interface QuarantineMark {
  readonly name: string;
  readonly uid: string;
  readonly record: QuarantineRecord;
}

/** null for the nodes, nearly all, that carry no record of ours. */
export function parseQuarantineMark(raw: unknown): QuarantineMark | null {
  const { metadata } = metadataSchema.parse(raw);
  const text = metadata.annotations?.[QUARANTINE_ANNOTATION];
  const record = text === undefined ? null : parseQuarantineRecord(text);
  return record ? { name: metadata.name, uid: metadata.uid, record } : null;
}
