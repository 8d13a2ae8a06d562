/** The annotation in which plans are asked for, with more requests in it. Pure. */
import * as z from 'zod';
import { parseJson } from '../../api/parse-json.ts';
import { PluginError } from '../errors.ts';

const requestsSchema = z.array(z.looseObject({ node: z.string(), by: z.string(), at: z.string() }));
type PlanRequested = z.infer<typeof requestsSchema>[number];

/**
 * @param text what is there; the operator takes out what it has answered
 * @returns null where this user waits for all of them already
 * @throws PluginError if what is there cannot be read, because it would be lost
 */
export function withRequests(text: string | undefined, wanted: readonly PlanRequested[]): string | null {
  const there = text === undefined || text === '' ? [] : read(text);
  const missing = wanted.filter(
    ({ node, by }) => !there.some((request) => request.node === node && request.by === by),
  );
  return missing.length === 0 ? null : JSON.stringify([...there, ...missing]);
}

function read(text: string): readonly PlanRequested[] {
  const parsed = requestsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new PluginError(
    'the annotation dnshealth.io/plan-requests of the policy cannot be read: remove it, and ask again',
  );
}

/** The request still waits for the operator. */
export const isRequested = (text: string | undefined, node: string, by: string): boolean => {
  const parsed = requestsSchema.safeParse(parseJson(text ?? ''));
  return parsed.success && parsed.data.some((request) => request.node === node && request.by === by);
};
