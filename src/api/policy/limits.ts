/** How much is changed at the same time, how often, and what stops it: limits, canary and breaker. */
import * as z from 'zod';

/** A number of nodes, or a share of those on which DNS pods of the workload may run. */
export const maxConcurrentSchema = z
  .union([z.int().min(1).max(10), z.string().regex(/^(100|[1-9][0-9]?)%$/)])
  .meta({ 'x-kubernetes-int-or-string': true });
export type MaxConcurrent = z.infer<typeof maxConcurrentSchema>;

export const limitsSchema = z
  .object({
    maxConcurrent: maxConcurrentSchema
      .default(1)
      .describe(
        'Maximum number of nodes under repair at the same time: a number up to 10, or a percentage of the nodes that can run pods of the DNS workload, for example "10%", rounded down and at least 1, at most 10. It applies once one repair, as a canary, has changed a node and healed it: within the last 24 hours, with the same settings below repair, and since the last repair of the workload that went wrong. Until then only one node is repaired at a time. Of control-plane nodes, always one at a time.',
      ),
    perHour: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Maximum number of repairs that begin within an hour. If unset, there is no such limit.'),
    perNode: z
      .int()
      .min(1)
      .max(50)
      .optional()
      .describe(
        'Maximum number of repairs of one node that begin within 24 hours, whatever they began with. If unset, only spec.drift.maxRepairs limits the repairs of a drift.',
      ),
    coolDownSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(0)
      .describe('Seconds between the end of one repair and the beginning of the next, on any node.'),
    backOffSeconds: z
      .int()
      .min(0)
      .max(86_400)
      .default(0)
      .describe(
        'Seconds between the end of a repair of a node and the beginning of the next one of the same node. It doubles with each further repair within 24 hours, up to a day.',
      ),
    history: z
      .int()
      .min(10)
      .max(1000)
      .default(100)
      .describe(
        'Number of ended remediations to keep; older ones are deleted. Never deleted are the last one of each node that exists, those that ended within the last hour, those of repairs that ended within the last day, and those that hold a node, halt further repairs, or need an administrator and are not acknowledged; those of a DNS pod only while it exists.',
      ),
    historyDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe(
        'Number of days for which ended remediations are kept, with the same exceptions as for history.',
      ),
  })
  .prefault({})
  .describe('Limits on how much the operator changes at the same time and how often.');

export const canarySchema = z
  .object({
    watchSeconds: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .describe(
        'Seconds for which the first repaired node of a rollout is watched after it was verified, before the repair of a second node begins. A rollout is what begins within a day under the same policy and cause.',
      ),
  })
  .prefault({})
  .describe('How the first repair of a rollout is watched before the next ones begin.');

export const breakerSchema = z
  .object({
    failures: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe(
        'Number of failed or rolled-back repairs that open the breaker. While it is open, no repair begins; what has begun ends, and proven nodes are released.',
      ),
    windowMinutes: z
      .int()
      .min(1)
      .max(10_080)
      .optional()
      .describe(
        'Minutes for which a failure counts. The breaker closes by itself once fewer than failures count. If unset, a failure counts until it is acknowledged.',
      ),
  })
  .prefault({})
  .describe(
    'When failed repairs stop all further ones. Acknowledging the failed remediations closes the breaker.',
  );
