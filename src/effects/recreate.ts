/** Deletes DNS pods whose sandbox is older than the repair, so that their workload replaces them. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';

/**
 * Deletes each pod with its uid as a precondition: if a replacement already has the name, the answer is 409 and the pod
 * stays. One second of grace: the pod is in a crash loop and serves no client, so the lameduck pause of CoreDNS would
 * only cost time.
 */
export async function recreatePods(
  kube: KubeClient,
  pods: readonly { readonly name: string; readonly uid: string }[],
  signal: AbortSignal,
): Promise<void> {
  for (const pod of pods) {
    try {
      await kube.raw.request({
        method: 'DELETE',
        path: `/api/v1/namespaces/${DNS_NAMESPACE}/pods/${pod.name}`,
        body: { preconditions: { uid: pod.uid }, gracePeriodSeconds: 1 },
        signal,
      });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
