/** Small schemas that both kinds share: names, times, conditions. */
import * as z from 'zod';

/** RFC 1123 label or subdomain, as Kubernetes names are. */
export const objectName = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** RFC 3339 with milliseconds, UTC. */
export const timestamp = () => z.string().meta({ format: 'date-time' });

/** A condition as in metav1.Condition. */
export const conditionSchema = z.object({
  type: z.string().describe('What the condition is about.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
  reason: z.string().describe('One CamelCase word: why the status is what it is.'),
  message: z.string().describe('The same for a person.'),
  lastTransitionTime: timestamp().describe('When the status last changed.'),
  observedGeneration: z.int().optional().describe('The generation of the spec that it speaks of.'),
});
export type Condition = z.infer<typeof conditionSchema>;

/** Conditions merge by type, so that another writer's condition survives ours. */
export const conditions = () =>
  z
    .array(conditionSchema)
    .default([])
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .describe('What is so now, one condition of each type.');
