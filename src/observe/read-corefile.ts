/** Reads the Corefile of a DNS pod from the ConfigMap that it mounts. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError, nullIfNotFound } from '../kube/errors.ts';
import type { DnsPod } from './dns-pod.ts';

/** Its name with kubeadm and kubespray. The operator's Role also allows those of the node-local caches. */
const USUAL_CONFIG_MAP = 'coredns';
const FORBIDDEN = 403;

export type CorefileSource =
  | { readonly kind: 'found'; readonly text: string; readonly configMap: string }
  /** The Corefile may be in one of these, which the operator may not read. */
  | { readonly kind: 'forbidden'; readonly configMaps: readonly string[] }
  /** The pod mounts no ConfigMap that exists and has a Corefile. */
  | { readonly kind: 'missing' };

/**
 * With Helm the ConfigMap is named after the release. It is read if an administrator has allowed it: a Role cannot say
 * "the ConfigMaps of this workload", and all of kube-system would be too much.
 *
 * @throws KubeError when the API cannot be reached, or forbids the usual ConfigMap
 */
export async function readCorefile(
  kube: KubeClient,
  { configMaps }: Pick<DnsPod, 'configMaps'>,
  signal: AbortSignal,
): Promise<CorefileSource> {
  const usual = configMaps.filter((name) => name === USUAL_CONFIG_MAP);
  const forbidden: string[] = [];
  for (const configMap of new Set([...usual, ...configMaps])) {
    try {
      const path = `/api/v1/namespaces/${DNS_NAMESPACE}/configmaps/${configMap}`;
      const map = await nullIfNotFound(
        kube.raw.request<{ data?: { Corefile?: string } }>({ method: 'GET', path, signal }),
      );
      const text = map?.data?.Corefile;
      if (text !== undefined) return { kind: 'found', text, configMap };
    } catch (error) {
      const isExpected =
        error instanceof KubeError && error.code === FORBIDDEN && configMap !== USUAL_CONFIG_MAP;
      if (!isExpected) throw error;
      forbidden.push(configMap);
    }
  }
  return forbidden.length > 0 ? { kind: 'forbidden', configMaps: forbidden } : { kind: 'missing' };
}
