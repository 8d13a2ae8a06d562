/** Reads what a check is better with, and does without. */
import { KubeError, nullIfNotFound } from '../../kube/errors.ts';

/** What a call answers, or null where the object does not exist or may not be read. Any other failure is thrown. */
export async function unlessHidden<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await nullIfNotFound(call);
  } catch (error) {
    if (error instanceof KubeError && error.code === 403) return null;
    throw error;
  }
}
