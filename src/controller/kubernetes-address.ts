/** The address of the kubernetes Service: what the cluster's own name must resolve to. */
import * as z from 'zod';
import type { KubeClient } from '../kube/client.ts';

const serviceSchema = z.object({ spec: z.object({ clusterIP: z.string() }) });

/** @throws KubeError */
export async function kubernetesAddress(
  kube: KubeClient,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  // Set by the kubelet: the service account of the pod needs no permission to read the Service.
  if (host) return host;
  const path = '/api/v1/namespaces/default/services/kubernetes';
  return serviceSchema.parse(await kube.raw.request({ method: 'GET', path, signal })).spec.clusterIP;
}
