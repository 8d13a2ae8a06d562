/** Schemas that both kinds share: names, times, conditions. */
import * as z from 'zod';

/** An RFC 1123 label or subdomain, as names in Kubernetes are. */
export const objectName = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** RFC 3339 with milliseconds, UTC. */
export const timestamp = () => z.string().meta({ format: 'date-time' });

/** A condition as in metav1.Condition. */
const conditionSchema = z.object({
  type: z.string().describe('Type of the condition (CamelCase), unique within the list.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
  reason: z.string().describe('Machine-readable reason (CamelCase) for the status of the condition.'),
  message: z.string().describe('Human-readable explanation of the reason.'),
  lastTransitionTime: timestamp().describe(
    'Time at which the status of the condition last changed (RFC 3339).',
  ),
  observedGeneration: z.int().optional().describe('Generation of the spec that the condition reflects.'),
});
export type Condition = z.infer<typeof conditionSchema>;

/** Conditions merge by type, so that a condition of another writer survives ours. */
export const conditions = (description: string) =>
  z
    .array(conditionSchema)
    .default([])
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe(description);
