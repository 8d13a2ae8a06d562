/** Takes a person's request for a rollback off a DNSRemediation, once it has a record of its own. */
import { API_VERSION, ROLLBACK_ANNOTATION, ROLLBACK_BY_ANNOTATION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';

/**
 * Merge patch with the uid and the resourceVersion that were read: a request that was made or changed since then stays, and is
 * answered in its turn. Otherwise a deleted record of a rollback would be made again.
 */
export async function takeRollbackRequest(
  kube: KubeClient,
  {
    name,
    uid,
    resourceVersion,
  }: { readonly name: string; readonly uid: string; readonly resourceVersion: string },
  signal: AbortSignal,
): Promise<'taken' | 'overtaken'> {
  const annotations = { [ROLLBACK_ANNOTATION]: null, [ROLLBACK_BY_ANNOTATION]: null };
  try {
    await kube.raw.request({
      method: 'PATCH',
      path: `/apis/${API_VERSION}/dnsremediations/${encodeURIComponent(name)}`,
      body: { metadata: { uid, resourceVersion, annotations } },
      signal,
    });
    return 'taken';
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return 'overtaken';
    throw error;
  }
}
