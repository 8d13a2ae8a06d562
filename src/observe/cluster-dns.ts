/** The addresses of the cluster's own DNS Services, which in a resolv.conf are not an upstream. */
import { DNS_NAMESPACE, DNS_SELECTORS } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';

interface ServiceList {
  readonly items: readonly {
    readonly spec?: {
      readonly clusterIPs?: readonly string[];
      readonly clusterIP?: string;
      readonly ports?: readonly { readonly port: number }[];
    };
  }[];
}

const DNS_PORT = 53;

/** Cluster addresses of the Services labelled like DNS pods (kubeadm: kube-dns; kubespray, the Helm chart: coredns). */
export async function clusterDnsAddresses(kube: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  return addressesOf(await servicesOf(kube, signal));
}

/** Those of them that serve DNS: the Service of the metrics has the same label. */
export async function clusterDnsServices(kube: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const services = await servicesOf(kube, signal);
  return addressesOf(services.filter(({ spec }) => spec?.ports?.some(({ port }) => port === DNS_PORT)));
}

type Service = ServiceList['items'][number];

async function servicesOf(kube: KubeClient, signal: AbortSignal): Promise<readonly Service[]> {
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
  return lists.flatMap(({ items }) => items);
}

function addressesOf(services: readonly Service[]): readonly string[] {
  const addresses = services.flatMap(
    ({ spec }) => spec?.clusterIPs ?? (spec?.clusterIP ? [spec.clusterIP] : []),
  );
  return [...new Set(addresses)].filter((address) => address !== 'None');
}
