/** The JSON in the annotation `INSPECTION_ANNOTATION` of an inspection's Job and pod: what it is about. A new leader reads its report by it. */
import * as z from 'zod';
import { parseJson } from './parse-json.ts';

const inspectionOriginSchema = z.object({
  /** Repeated in the report, so that a forged or stale one is not accepted. */
  nonce: z.string().min(1),
  /** UID of the node. */
  node: z.string().min(1),
});
export type InspectionOrigin = z.infer<typeof inspectionOriginSchema>;

/** null if the text is something else. */
export function parseInspectionOrigin(text: string): InspectionOrigin | null {
  const parsed = inspectionOriginSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}
