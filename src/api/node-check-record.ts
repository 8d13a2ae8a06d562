/**
 * The JSON in the annotation `CHECK_ANNOTATION` of a node: what was checked when, and what was found. A new leader goes
 * on from it. It repeats the condition of the node, because the operator watches nodes by their metadata only.
 */
import * as z from 'zod';
import { RESOLV_CONF_CLASSES } from './agent-report.ts';
import { CHECK_REASONS } from './drift.ts';
import { NODE_CONDITION_REASONS, type NodeConditionReason } from './node-condition.ts';
import { parseJson } from './parse-json.ts';

/** Raised when a field changes its meaning: a record of another version counts as none. */
export const CHECK_RECORD_VERSION = 1;

/** What an inspection of the kubelet's files shows, compared with the running kubelet: `diagnosis/compared-files.ts`. */
export const FILES_VERDICTS = [
  'both-right',
  'both-wrong',
  /** The next start of the kubelet makes it wrong. */
  'wrong-in-file',
  /** The next start of the kubelet makes it right: corrected, but not yet in effect. */
  'right-in-file',
  /** Nothing that can be said for certain, or the inspection failed. */
  'unclear',
] as const;
export type FilesVerdict = (typeof FILES_VERDICTS)[number];

/** How a difference is called in events and in the status of the policy: the next start of the kubelet changes something. */
export const FILES_REASONS = {
  'wrong-in-file': 'PendingInFile',
  'right-in-file': 'NotYetInEffect',
} as const satisfies Partial<Record<FilesVerdict, string>>;
export type FilesReason = (typeof FILES_REASONS)[keyof typeof FILES_REASONS];

/** undefined where the files and the running kubelet do not differ, as far as that can be said. */
export const filesReason = (verdict: FilesVerdict): FilesReason | undefined =>
  (FILES_REASONS as Partial<Record<FilesVerdict, FilesReason>>)[verdict];

/** RFC 3339. */
const time = z.iso.datetime();

const nodeCheckRecordSchema = z.object({
  version: z.literal(CHECK_RECORD_VERSION),
  /** The last check that ended, however it did. Absent if there was none. */
  check: z
    .object({
      startedAt: time,
      endedAt: time,
      why: z.enum(CHECK_REASONS),
      /** What the node was when it was started. */
      bootID: z.string(),
      kubeletVersion: z.string(),
      osImage: z.string(),
      /** Start of the kubelet that it was about, where it is known. */
      kubeletStartedAt: time.optional(),
      outcome: z.enum(['proven', 'drifted', 'failed']),
      /** Why it failed. */
      problem: z.string().optional(),
    })
    .optional(),
  /** What the last check that saw a file found. One that failed does not change it. */
  found: z
    .object({
      verdict: z.enum(['proven', 'drifted']),
      class: z.enum(RESOLV_CONF_CLASSES),
      nameservers: z.array(z.string()).max(3),
      at: time,
    })
    .optional(),
  /** Checks that failed in a row. */
  failures: z.int().min(0),
  /** When a check last found the node well. */
  provenAt: time.optional(),
  /** What the last inspection of the kubelet's files has shown; absent unless the policy asks for it. */
  files: z
    .object({
      at: time,
      /** Of that inspection, so that it is recorded once, whatever the clocks say. */
      nonce: z.string(),
      verdict: z.enum(FILES_VERDICTS),
      message: z.string(),
      /** The value that was found wrong, or that is not yet in effect, and where it is set. */
      file: z.object({ path: z.string(), line: z.int().optional(), value: z.string() }).optional(),
      /** When an inspection last found the files right. */
      rightAt: time.optional(),
    })
    .optional(),
  /** What is said in the condition, so that it is written again only when that changes. */
  condition: z.object({
    reason: z.enum(Object.keys(NODE_CONDITION_REASONS) as [NodeConditionReason, ...NodeConditionReason[]]),
    message: z.string(),
    /** When its status last changed. */
    since: time,
    /** When it was last written. */
    writtenAt: time,
  }),
});
export type NodeCheckRecord = z.infer<typeof nodeCheckRecordSchema>;

/** null if the text is not a record of this version: of another one, by hand, or by another program. */
export function parseNodeCheckRecord(text: string): NodeCheckRecord | null {
  const parsed = nodeCheckRecordSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}
