/** The border to the node: parses a termination message into a report, or says why that is not possible. */
import type { z } from 'zod';
import { MAX_REPORT_BYTES } from '../../api/agent-protocol.ts';

type ReadReport<T> =
  | { readonly kind: 'ok'; readonly report: T }
  | { readonly kind: 'bad'; readonly problem: string };

/**
 * Parses and checks a report.
 *
 * @param nonce the remediation's uid: a report that does not repeat it belongs to another incident, or is forged.
 */
export function readReport<T extends { nonce: string }>(
  schema: z.ZodType<T>,
  message: string | null,
  nonce: string,
): ReadReport<T> {
  if (message === null || message === '') return bad('It left no termination message.');
  if (message.length > MAX_REPORT_BYTES) return bad(`Its report is longer than ${MAX_REPORT_BYTES} bytes.`);
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch (error) {
    return bad(`Its report is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return bad(
      `Its report has an invalid field ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}.`,
    );
  }
  if (parsed.data.nonce !== nonce) return bad('Its report belongs to another remediation.');
  return { kind: 'ok', report: parsed.data };
}

const bad = (problem: string): ReadReport<never> => ({ kind: 'bad', problem });
