/** Who wants the operator to begin nothing new, and why. */
import * as z from 'zod';
import { timestamp } from '../primitives.ts';

export const pauseEntrySchema = z.object({
  reason: z.string().min(1).max(256).describe('Why no repair may begin, for example "upgrade to 1.36".'),
  by: z
    .string()
    .min(1)
    .max(253)
    .describe(
      'Who paused the policy, for example anna@example.com. Only this person should take the entry out.',
    ),
  until: timestamp()
    .optional()
    .describe('Time at which the entry ends by itself (RFC 3339). If unset, it holds until it is taken out.'),
});
export type PauseEntry = z.infer<typeof pauseEntrySchema>;

/** A list, because a boolean is set back by the wrong person. Entries merge by reason and author. */
export const pauseSchema = z
  .array(pauseEntrySchema)
  .max(20)
  .default([])
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['by', 'reason'] })
  .describe(
    'Reasons for which no repair begins under this policy. Any entry is enough. What has begun ends safely: nodes are released, and DNS is verified.',
  );
