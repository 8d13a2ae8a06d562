/** The JSON in the quarantine annotation of a node, written by `effects/quarantine.ts`. */
import * as z from 'zod';
import { parseJson } from './parse-json.ts';

/** Raised when a field changes its meaning: an older operator must not act on a record that it misunderstands. */
export const RECORD_VERSION = 1;

const quarantineRecordSchema = z.object({
  /** Absent in records of operators that did not write it yet; the other fields are the same. */
  version: z.literal(RECORD_VERSION).optional(),
  /** Name of the remediation that holds the node. */
  remediation: z.string().min(1),
  /** UID of that remediation. Absent where `version` is. */
  uid: z.string().min(1).optional(),
  strategy: z.enum(['Cordon', 'Taint']),
  /** The node was already cordoned, and stays cordoned after the release. */
  wasUnschedulable: z.boolean(),
  /** RFC 3339. */
  since: z.string(),
});
export type QuarantineRecord = z.infer<typeof quarantineRecordSchema>;

/** By uid too, if the record has one: a remediation may have been deleted and claimed again under the same name. */
export function isHeldBy(
  record: QuarantineRecord,
  remediation: { readonly name: string; readonly uid: string },
): boolean {
  return record.remediation === remediation.name && (record.uid ?? remediation.uid) === remediation.uid;
}

/** Parses the annotation. Null if it holds something else: of another version, by hand or by another program. */
export function parseQuarantineRecord(text: string): QuarantineRecord | null {
  const parsed = quarantineRecordSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

const partsSchema = z.object({
  strategy: z.unknown().optional(),
  wasUnschedulable: z.unknown().optional(),
  since: z.unknown().optional(),
});

/** What can be understood of an annotation, also if `parseQuarantineRecord` returns null for it. */
export interface RecordParts {
  /** It says that the quarantine cordoned the node, which was schedulable before. */
  readonly saysCordoned: boolean;
  /** Epoch milliseconds. */
  readonly since: number | null;
}

export function partsOfRecord(text: string): RecordParts {
  const parsed = partsSchema.safeParse(parseJson(text));
  if (!parsed.success) return { saysCordoned: false, since: null };
  const { strategy, wasUnschedulable, since } = parsed.data;
  const time = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  return {
    saysCordoned: strategy === 'Cordon' && wasUnschedulable === false,
    since: Number.isNaN(time) ? null : time,
  };
}
