/** Deletes DNS pods whose sandbox is older than the repair, so that their workload makes new ones. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';

/**
 * Deletes each pod, bound to its uid: a pod of the same name that is already the successor answers 409 and stays.
 * One second of grace: it is in a crash loop and serves nobody, so CoreDNS's lameduck pause would only cost time.
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
