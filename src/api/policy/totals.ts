/** How many remediations of a policy ended in which way, also of those that the history does not keep any more. */
import * as z from 'zod';

const count = (what: string) => z.int().min(0).default(0).describe(`Number of remediations that ${what}.`);

const totalsFields = z.object({
  healed: count('ended as Healed'),
  planned: count('ended as Planned'),
  refused: count('ended as Refused'),
  rolledBack: count('ended as RolledBack'),
  failed: count('ended as Failed'),
  expired: count('ended as Expired'),
  superseded: count('ended as Superseded'),
  cancelled: count('ended as Cancelled'),
});
export type Totals = z.infer<typeof totalsFields>;

export const totalsSchema = totalsFields
  .prefault({})
  .describe(
    'Number of ended remediations by outcome, including those that the operator has deleted because of spec.limits.history or historyDays.',
  );

export const pastSchema = z
  .object({
    totals: totalsFields
      .prefault({})
      .describe('Number of deleted remediations by outcome, including those in uids.'),
    uids: z
      .array(z.string())
      .default([])
      .describe(
        'UIDs of remediations that are counted here, and are being deleted. They are not counted again while they still exist.',
      ),
  })
  .prefault({})
  .describe('Bookkeeping of the operator for totals: what it has counted before it deleted it.');
export type Past = z.infer<typeof pastSchema>;
