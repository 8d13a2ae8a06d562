/** The addresses that lead back into the cluster: those of the context, or else the usual ones of each installer. */
import type { KnownAddresses } from '../../api/agent-protocol.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import { type Facts, listOf, textOf } from './answer.ts';

/** kubeadm, kubespray, k3s and RKE2, MicroK8s, EKS (two). No upstream resolver is known at any of them. */
const USUAL_CLUSTER_DNS = [
  '10.96.0.10',
  '10.233.0.3',
  '10.43.0.10',
  '10.152.183.10',
  '10.100.0.10',
  '172.20.0.10',
] as const;

export function knownAddresses(context: Facts): KnownAddresses {
  const clusterDNS = listOf(context, 'clusterDNS', 'cluster_dns');
  const nodeLocal = listOf(context, 'nodeLocalDNS', 'nodelocal', 'node_local_dns');
  const version = textOf(context, 'corednsVersion', 'coredns_version');
  return {
    clusterDNS: clusterDNS.length > 0 ? [...clusterDNS] : [...USUAL_CLUSTER_DNS],
    nodeLocalDNS: [...nodeLocal, ...NODE_LOCAL_DNS],
    node: [...listOf(context, 'node', 'nodeIP', 'nodeIPs', 'node_ip')],
    ...(version !== undefined && { corednsVersion: version }),
  };
}
