/** The JSON in the quarantine annotation of a node, written by `effects/quarantine.ts`. */
import * as z from 'zod';

const quarantineRecordSchema = z.object({
  /** Name of the remediation that holds the node. */
  remediation: z.string().min(1),
  strategy: z.enum(['Cordon', 'Taint']),
  /** The node was already cordoned, and stays cordoned after the release. */
  wasUnschedulable: z.boolean(),
  /** RFC 3339. */
  since: z.string(),
});
export type QuarantineRecord = z.infer<typeof quarantineRecordSchema>;

/** Parses the annotation. Null if it holds something else, written by hand or by another program. */
export function parseQuarantineRecord(text: string): QuarantineRecord | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = quarantineRecordSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}
