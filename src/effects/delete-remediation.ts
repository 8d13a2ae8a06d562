/** Deletes an old DNSRemediation, and with it what it owns: its Job, if that still exists. */
import { API_VERSION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';

/** With its uid as a precondition: a later one of the same name stays. No-op if it is gone. */
export async function deleteRemediation(
  kube: KubeClient,
  { name, uid }: { readonly name: string; readonly uid: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await kube.raw.request({
      method: 'DELETE',
      path: `/apis/${API_VERSION}/dnsremediations/${encodeURIComponent(name)}`,
      body: { preconditions: { uid }, propagationPolicy: 'Background' },
      signal,
    });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
