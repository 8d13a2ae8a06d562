/** The addresses of the cluster's own DNS Services, which in a resolv.conf are not an upstream. */
import { DNS_NAMESPACE, DNS_SELECTORS } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';

interface ServiceList {
  readonly items: readonly {
    readonly spec?: { readonly clusterIPs?: readonly string[]; readonly clusterIP?: string };
  }[];
}

/** Cluster addresses of the Services labelled like DNS pods (kubeadm: kube-dns; kubespray, the Helm chart: coredns). */
export async function clusterDnsAddresses(kube: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const lists = await Promise.all(
    DNS_SELECTORS.map(async (labelSelector) =>
      kube.raw.request<ServiceList>({
        method: 'GET',
        path: `/api/v1/namespaces/${DNS_NAMESPACE}/services`,
        query: { labelSelector },
        signal,
      }),
    ),
  );
  const addresses = lists
    .flatMap(({ items }) => items)
    .flatMap(({ spec }) => spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []));
  return [...new Set(addresses)].filter((address) => address !== 'None');
}
