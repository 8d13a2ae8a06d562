/** The JSON in the annotation `PLAN_REQUESTS_ANNOTATION` of a policy: the plans that people want, one entry each. */
import * as z from 'zod';
import { parseJson } from './parse-json.ts';

/** As long as a name of a node can be. */
const MAX_NAME = 253;

const planRequestSchema = z.object({
  node: z.string().min(1).max(MAX_NAME),
  /** As whoever asked says: nothing is done to a node because of it. */
  by: z.string().min(1).max(1024),
  /** When, by the clock of whoever asked (RFC 3339). */
  at: z.iso.datetime({ offset: true }),
});
export type RequestedPlan = z.infer<typeof planRequestSchema>;

/** A page of nodes; each plan is a Job on its node. */
export const MAX_PLAN_REQUESTS = 100;

const planRequestsSchema = z.array(planRequestSchema).max(MAX_PLAN_REQUESTS);

export type PlanRequests =
  | { readonly kind: 'ok'; readonly requests: readonly RequestedPlan[] }
  /** By hand, or by another program. */
  | { readonly kind: 'bad'; readonly problem: string };

export function parsePlanRequests(text: string): PlanRequests {
  const json = parseJson(text);
  if (json === undefined) return { kind: 'bad', problem: 'it is not JSON' };
  const parsed = planRequestsSchema.safeParse(json);
  if (parsed.success) return { kind: 'ok', requests: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.');
  return { kind: 'bad', problem: `${where ? `${where}: ` : ''}${issue?.message ?? 'unknown'}` };
}
