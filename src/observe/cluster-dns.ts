/** The addresses of the cluster's own DNS Services, which in a resolv.conf are not an upstream. */
import { DNS_NAMESPACE, DNS_POD_SELECTOR } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';

interface ServiceList {
  readonly items: readonly {
    readonly spec?: { readonly clusterIPs?: readonly string[]; readonly clusterIP?: string };
  }[];
}

/** Cluster addresses of the Services labelled like the DNS pods (kubeadm: kube-dns, kubespray: coredns). */
export async function clusterDnsAddresses(kube: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const list = await kube.raw.request<ServiceList>({
    method: 'GET',
    path: `/api/v1/namespaces/${DNS_NAMESPACE}/services`,
    query: { labelSelector: DNS_POD_SELECTOR },
    signal,
  });
  const addresses = list.items.flatMap(
    ({ spec }) => spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []),
  );
  return [...new Set(addresses)].filter((address) => address !== 'None');
}
