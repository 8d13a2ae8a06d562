/** The addresses of a rig; pure, derived from its slot number alone, so that two rigs never share one. */

export const SLOTS = 40;
const FIRST_SECOND_OCTET = 210;

export interface NodePlan {
  readonly name: string;
  /** 1 for the first node. */
  readonly index: number;
  readonly address: string;
  readonly podSubnet: string;
}

export interface AddressPlan {
  readonly slot: number;
  /** Contains all addresses of the rig; the machine gets one route to it. */
  readonly network: string;
  /** Of the bridge in the control plane's namespace: apiserver, upstream resolver, gateway of the nodes. */
  readonly controlPlane: string;
  readonly nodePrefixLength: number;
  /** The two ends of the veth pair between the machine and the rig. */
  readonly hostLink: { readonly interfaceName: string; readonly host: string; readonly rig: string };
  readonly podNetwork: string;
  readonly serviceNetwork: string;
  /** The apiserver's own Service, the first address of the service network. */
  readonly kubernetesService: string;
  /** kube-dns: the tenth address of the service network, as in kubeadm. */
  readonly clusterDns: string;
  readonly clusterDomain: string;
  readonly nodes: readonly NodePlan[];
}

/** Throws for a slot outside 0..SLOTS-1. */
export function addressPlan(slot: number, nodeCount = 2): AddressPlan {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    throw new Error(`slot must be 0 to ${SLOTS - 1}, got ${slot}`);
  }
  const base = `10.${FIRST_SECOND_OCTET + slot}`;
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({
    name: `node-${i + 1}`,
    index: i + 1,
    address: `${base}.0.${11 + i}`,
    podSubnet: `${base}.${64 + i + 1}.0/24`,
  }));
  return {
    slot,
    network: `${base}.0.0/16`,
    controlPlane: `${base}.0.1`,
    nodePrefixLength: 24,
    hostLink: { interfaceName: `dhr${slot}`, host: `${base}.255.1`, rig: `${base}.255.2` },
    podNetwork: `${base}.64.0/18`,
    serviceNetwork: `${base}.128.0/20`,
    kubernetesService: `${base}.128.1`,
    clusterDns: `${base}.128.10`,
    clusterDomain: 'cluster.local',
    nodes,
  };
}
