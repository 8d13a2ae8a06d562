/** The namespace of the operator: an annotation there pauses all policies. */
import * as z from 'zod';
import { PAUSE_ALL_ANNOTATION, PAUSE_ALL_BY_ANNOTATION } from '../api/keys.ts';
import type { PauseOfAll } from '../remediation/world.ts';

const namespaceSchema = z.object({
  metadata: z.object({
    name: z.string(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
});

export interface OwnNamespace {
  readonly name: string;
  /** null: nothing pauses all policies. */
  readonly pause: PauseOfAll | null;
}

/** An annotation without a text pauses as well: whoever set it in a hurry meant it. */
export function parseOwnNamespace(raw: unknown): OwnNamespace {
  const { name, annotations } = namespaceSchema.parse(raw).metadata;
  const reason = annotations?.[PAUSE_ALL_ANNOTATION];
  if (reason === undefined) return { name, pause: null };
  return {
    name,
    pause: { reason: reason || 'no reason given', by: annotations?.[PAUSE_ALL_BY_ANNOTATION] || 'someone' },
  };
}
