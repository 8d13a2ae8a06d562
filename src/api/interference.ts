/** What a person did to a node while it was in our quarantine: respected, and recorded. */
import * as z from 'zod';
import { timestamp } from './primitives.ts';

/** What may be done to a quarantined node by someone else. */
export const INTERFERENCES = ['Cordoned', 'Uncordoned', 'TaintRemoved'] as const;
export type InterferenceKind = (typeof INTERFERENCES)[number];

export const interferenceSchema = z.object({
  at: timestamp().describe('Time at which the operator saw it (RFC 3339).'),
  what: z
    .enum(INTERFERENCES)
    .describe(
      'What was done. Cordoned: someone cordoned the node, which stays cordoned after the release. Uncordoned: someone made the node schedulable, and it is not cordoned again. TaintRemoved: someone removed the taint of the quarantine, and it is not put back.',
    ),
  message: z.string().describe('Human-readable explanation, with what the operator does about it.'),
});
export type Interference = z.infer<typeof interferenceSchema>;
