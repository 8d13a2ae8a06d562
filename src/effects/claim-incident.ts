/** Creates the DNSRemediation of an incident. Its name is derived from the node and the pod, so a second create collides. */
import { API_VERSION } from '../api/keys.ts';
import type { RemediationSpec } from '../api/remediation.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';

/** `exists`: it was claimed before, by this process or by one that was killed before it could remember it. */
export type Claimed = 'created' | 'exists';

export async function claimIncident(
  kube: KubeClient,
  claim: { readonly name: string; readonly spec: RemediationSpec },
  signal: AbortSignal,
): Promise<Claimed> {
  const { name, spec } = claim;
  const object = { apiVersion: API_VERSION, kind: 'DNSRemediation', metadata: { name }, spec };
  try {
    await kube.customResource(API_VERSION, 'dnsremediations').create(object, signal);
    return 'created';
  } catch (error) {
    if (isAlreadyExists(error)) return 'exists';
    throw error;
  }
}
