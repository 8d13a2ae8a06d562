/** Takes the plan requests that were answered out of their policy: a merge patch of one annotation. */
import { API_VERSION, PLAN_REQUESTS_ANNOTATION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { FIELD_MANAGER } from './node-patch.ts';

/**
 * @param read the policy as it was read: a request that was added since then must not be lost
 * @param left what remains of the annotation; null removes it
 * @throws KubeError 409 when the policy was changed since it was read; the requests are read again
 */
export async function answerPlanRequests(
  kube: KubeClient,
  read: { readonly name: string; readonly resourceVersion: string },
  left: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { name, resourceVersion } = read;
  await kube.raw.request({
    method: 'PATCH',
    path: `/apis/${API_VERSION}/dnshealthpolicies/${encodeURIComponent(name)}`,
    query: { fieldManager: FIELD_MANAGER },
    body: { metadata: { resourceVersion, annotations: { [PLAN_REQUESTS_ANNOTATION]: left } } },
    signal,
  });
}
