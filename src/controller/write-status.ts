/** The one way in which a controller writes a status: only if it changed, and only over what was read. */
import { isDeepStrictEqual } from 'node:util';
import type { CustomResource } from '../kube/custom-resource.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Result } from '../runtime/work-queue.ts';

/** What was read is out of date: read again, soon. */
export const AFTER_CONFLICT = { kind: 'requeue', afterMs: 100 } as const satisfies Result;

interface StatusChange<S> {
  /** The object as it was read. */
  readonly raw: object;
  readonly before: S;
  readonly after: S;
}

/** `overtaken`: the object was changed or deleted since it was read, and nothing was written. */
type Written =
  /** `raw`: the object with its new version, as the API server has it. */
  { readonly kind: 'written'; readonly raw: object } | { readonly kind: 'unchanged' | 'overtaken' };

export async function writeStatus<S>(
  api: CustomResource<object>,
  name: string,
  { raw, before, after }: StatusChange<S>,
  signal: AbortSignal,
): Promise<Written> {
  if (isDeepStrictEqual(before, after)) return { kind: 'unchanged' };
  try {
    return { kind: 'written', raw: await api.replaceStatus(name, { ...raw, status: after }, signal) };
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return { kind: 'overtaken' };
    throw error;
  }
}
