/** Detects managed platforms, which generate their kubelet's configuration, by the files on the node. */
import type { HostTree } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';

export interface Platform {
  readonly name: string;
  readonly advice: string;
}

interface Mark extends Platform {
  /** Any of these files or directories is enough. */
  readonly files?: readonly string[];
  /** The directory of the kubelet's program. */
  readonly program?: string;
}

/**
 * The second check: the operator has already checked the node's labels and versions (`diagnosis/managed-platform.ts`),
 * but those are only what was reported to the API. The platforms that are missing here (Talos, MicroK8s, RKE) have no
 * kubelet.service, or nothing in the directories that the agent can see.
 */
const MARKS: readonly Mark[] = [
  {
    name: 'EKS',
    files: ['/etc/eks', '/etc/kubernetes/kubelet/config.json', '/etc/kubernetes/kubelet/kubelet-config.json'],
    advice:
      'Set resolvConf in the launch template: spec.kubelet.config of the NodeConfig, or the bootstrap arguments.',
  },
  {
    name: 'AKS',
    files: ['/etc/kubernetes/azure.json'],
    advice: 'Reimage the node or upgrade its node image; its kubelet flags are generated.',
  },
  {
    name: 'OpenShift',
    files: ['/etc/machine-config-daemon'],
    advice:
      'Set resolvConf in a KubeletConfig resource; a manual change would degrade the machine config pool.',
  },
  {
    name: 'Bottlerocket',
    files: ['/etc/bottlerocket-release'],
    advice: 'Set the nameservers with the Bottlerocket settings API (settings.dns).',
  },
  {
    name: 'GKE',
    program: '/home/kubernetes/',
    advice: 'Recreate the node: its files are generated at boot. If it happens again, contact the provider.',
  },
  {
    name: 'K3s or RKE2',
    files: ['/etc/rancher/k3s', '/etc/rancher/rke2'],
    program: '/var/lib/rancher/',
    advice:
      'Set resolv-conf in /etc/rancher/k3s/config.yaml, or under kubelet-arg in /etc/rancher/rke2/config.yaml, and restart that service.',
  },
  {
    name: 'minikube',
    program: '/var/lib/minikube/',
    advice: 'Start the cluster with --extra-config=kubelet.resolv-conf=/run/systemd/resolve/resolv.conf.',
  },
];

export function platformOf(unit: Pick<KubeletUnit, 'execStart'>, host: HostTree): Platform | undefined {
  const program = unit.execStart[0]?.[0] ?? '';
  return MARKS.find(
    (mark) =>
      mark.files?.some((file) => host.stat(file) !== undefined) ||
      (mark.program !== undefined && program.startsWith(mark.program)),
  );
}
