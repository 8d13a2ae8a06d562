/** The addresses of a rig; pure, derived from its slot number and its IP families alone, so that two rigs never share one. */
import { isIPv6 } from 'node:net';

export const SLOTS = 40;
const FIRST_SECOND_OCTET = 210;

export const IP_FAMILIES = ['ipv4', 'ipv6', 'dual'] as const;
/** `dual`: each node, pod and Service that asks for it has both addresses, IPv4 first. */
export type IpFamily = (typeof IP_FAMILIES)[number];

export interface NodePlan {
  readonly name: string;
  /** 1 for the first node. */
  readonly index: number;
  readonly address: string;
  /** In each family of the rig, `address` first. */
  readonly addresses: readonly string[];
  readonly podSubnets: readonly string[];
}

/** The rig's network in one family, with the prefix lengths that are usual in it. */
export interface NetworkPlan {
  readonly family: 'ipv4' | 'ipv6';
  /** Contains all addresses of the rig in this family; the machine gets one route to it. */
  readonly network: string;
  /** Of the bridge in the control plane's namespace: apiserver, upstream resolver, gateway of the nodes. */
  readonly controlPlane: string;
  readonly nodePrefixLength: number;
  /** The two ends of the veth pair between the machine and the rig. */
  readonly hostLink: { readonly host: string; readonly rig: string; readonly prefixLength: number };
  readonly podNetwork: string;
  readonly serviceNetwork: string;
  /** The apiserver's own Service, the first address of the service network. */
  readonly kubernetesService: string;
  /** kube-dns: the tenth address of the service network, as in kubeadm. */
  readonly clusterDns: string;
  readonly anywhere: '0.0.0.0/0' | '::/0';
  readonly nodes: readonly { readonly name: string; readonly address: string; readonly podSubnet: string }[];
}

export interface AddressPlan {
  readonly slot: number;
  readonly ipFamily: IpFamily;
  /** The machine's end of the veth pair. */
  readonly interfaceName: string;
  readonly clusterDomain: string;
  /** In Kubernetes' order: the first one is the primary, the only one of most objects. */
  readonly networks: readonly NetworkPlan[];
  readonly primary: NetworkPlan;
  readonly nodes: readonly NodePlan[];
}

/** Throws for a slot outside 0..SLOTS-1. */
export function addressPlan(slot: number, nodeCount = 2, ipFamily: IpFamily = 'ipv4'): AddressPlan {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    throw new Error(`slot must be 0 to ${SLOTS - 1}, got ${slot}`);
  }
  const networks = networksOf(slot, nodeCount, ipFamily);
  const [primary] = networks;
  return {
    slot,
    ipFamily,
    interfaceName: `dhr${slot}`,
    clusterDomain: 'cluster.local',
    networks,
    primary,
    nodes: primary.nodes.map(({ name, address }, i) => {
      const own = networks.flatMap(({ nodes }) => nodes.filter((node) => node.name === name));
      return {
        name,
        index: i + 1,
        address,
        addresses: own.map((node) => node.address),
        podSubnets: own.map(({ podSubnet }) => podSubnet),
      };
    }),
  };
}

function networksOf(
  slot: number,
  nodeCount: number,
  ipFamily: IpFamily,
): readonly [NetworkPlan, ...NetworkPlan[]] {
  switch (ipFamily) {
    case 'ipv4':
      return [ipv4Network(slot, nodeCount)];
    case 'ipv6':
      return [ipv6Network(slot, nodeCount)];
    case 'dual':
      return [ipv4Network(slot, nodeCount), ipv6Network(slot, nodeCount)];
    default:
      throw new Error(`unknown IP family ${String(ipFamily satisfies never)}`);
  }
}

function ipv4Network(slot: number, nodeCount: number): NetworkPlan {
  const base = `10.${FIRST_SECOND_OCTET + slot}`;
  return {
    family: 'ipv4',
    network: `${base}.0.0/16`,
    controlPlane: `${base}.0.1`,
    nodePrefixLength: 24,
    hostLink: { host: `${base}.255.1`, rig: `${base}.255.2`, prefixLength: 30 },
    podNetwork: `${base}.64.0/18`,
    serviceNetwork: `${base}.128.0/20`,
    kubernetesService: `${base}.128.1`,
    clusterDns: `${base}.128.10`,
    anywhere: '0.0.0.0/0',
    nodes: Array.from({ length: nodeCount }, (_, i) => ({
      name: `node-${i + 1}`,
      address: `${base}.0.${11 + i}`,
      podSubnet: `${base}.${64 + i + 1}.0/24`,
    })),
  };
}

/** A /48 of unique local addresses (RFC 4193); Kubernetes allows at most a /108 for Services. */
function ipv6Network(slot: number, nodeCount: number): NetworkPlan {
  const base = `fd64:6e73:${(FIRST_SECOND_OCTET + slot).toString(16)}`;
  return {
    family: 'ipv6',
    network: `${base}::/48`,
    controlPlane: `${base}::1`,
    nodePrefixLength: 64,
    hostLink: { host: `${base}:ff::1`, rig: `${base}:ff::2`, prefixLength: 64 },
    podNetwork: `${base}:4000::/50`,
    serviceNetwork: `${base}:8000::/108`,
    kubernetesService: `${base}:8000::1`,
    clusterDns: `${base}:8000::a`,
    anywhere: '::/0',
    nodes: Array.from({ length: nodeCount }, (_, i) => ({
      name: `node-${i + 1}`,
      address: `${base}::${11 + i}`,
      podSubnet: `${base}:${(0x4000 + i + 1).toString(16)}::/64`,
    })),
  };
}

/** The address as the host of a URL. */
export const urlHost = (address: string): string => (isIPv6(address) ? `[${address}]` : address);
