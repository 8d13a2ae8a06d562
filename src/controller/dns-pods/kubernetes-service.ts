/** The addresses of the Service default/kubernetes: what the cluster's own name must resolve to. */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';

const PATH = '/api/v1/namespaces/default/services/kubernetes';
const serviceSchema = z.object({
  spec: z.object({ clusterIP: z.string(), clusterIPs: z.array(z.string()).nullish() }),
});

/** The Service itself is read: KUBERNETES_SERVICE_HOST may be set to a name, or to an address outside the cluster. */
export interface KubernetesService {
  /**
   * One address per IP family. Kept from one call to the next.
   *
   * @throws KubeError
   */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
  /** A DNS pod gave another address: the next call reads the Service again. */
  doubt(): void;
}

export function createKubernetesService(kube: KubeClient): KubernetesService {
  let known: readonly string[] | null = null;
  return {
    async addresses(signal) {
      if (known) return known;
      const { spec } = serviceSchema.parse(await kube.raw.request({ method: 'GET', path: PATH, signal }));
      known = spec.clusterIPs ?? [spec.clusterIP];
      return known;
    },
    doubt() {
      known = null;
    },
  };
}
