/** The JSON in a node's quarantine annotation, written by `effects/quarantine.ts` and read wherever a node is. */
import * as z from 'zod';

export const quarantineRecordSchema = z.object({
  remediation: z.string().min(1),
  strategy: z.enum(['Cordon', 'Taint']),
  /** The node was cordoned already, by a person: it stays so. */
  wasUnschedulable: z.boolean(),
  since: z.string(),
});
export type QuarantineRecord = z.infer<typeof quarantineRecordSchema>;

/** Parses the annotation; null where a person or another program wrote something else there. */
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
