/** The JSON in the annotation `CHECK_ORIGIN_ANNOTATION` of a check's pod: what it is about. A new leader reads its report by it. */
import * as z from 'zod';
import { CHECK_REASONS } from './drift.ts';
import { parseJson } from './parse-json.ts';

const checkOriginSchema = z.object({
  /** Repeated in the report, so that a forged or stale one is not accepted. */
  nonce: z.string().min(1),
  why: z.enum(CHECK_REASONS),
  /** UID of the node. */
  node: z.string().min(1),
  /** What the node was when the check was started. */
  bootID: z.string(),
  kubeletVersion: z.string(),
  osImage: z.string(),
  /** RFC 3339. Absent if the start of the kubelet is not known. */
  kubeletStartedAt: z.iso.datetime().optional(),
});
export type CheckOrigin = z.infer<typeof checkOriginSchema>;

/** null if the text is something else. */
export function parseCheckOrigin(text: string): CheckOrigin | null {
  const parsed = checkOriginSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}
