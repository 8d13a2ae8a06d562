/** Recognises platforms that generate the kubelet configuration of their nodes. There the operator refuses and advises. */

interface PlatformFacts {
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ManagedPlatform {
  readonly platform: string;
  /** What to change instead, and where. */
  readonly advice: string;
}

interface Platform extends ManagedPlatform {
  readonly version?: RegExp;
  readonly osImage?: RegExp;
  readonly label?: RegExp;
}

/** The first match counts, so a platform that runs on top of another comes before it. One mark is enough. */
const PLATFORMS: readonly Platform[] = [
  {
    platform: 'RKE2',
    version: /\+rke2/,
    advice:
      'Set resolv-conf under kubelet-arg in /etc/rancher/rke2/config.yaml on the node (or RKE2_RESOLV_CONF), then run `systemctl restart rke2-server` (or rke2-agent). On a server node this also restarts the API server, so the operator does not do it.',
  },
  {
    platform: 'K3s',
    version: /\+k3s/,
    advice:
      'Set resolv-conf in /etc/rancher/k3s/config.yaml on the node (or K3S_RESOLV_CONF), then run `systemctl restart k3s` (or k3s-agent). On a server node this also restarts the API server and the container runtime, so the operator does not do it.',
  },
  {
    platform: 'RKE',
    label: /^rke\.cattle\.io\//,
    advice:
      'Set resolv-conf under services.kubelet.extra_args in cluster.yml, then run `rke up`. The kubelet runs in a container there and is configured by flags only.',
  },
  {
    platform: 'MicroK8s',
    label: /^microk8s\.io\/cluster$/,
    advice:
      'Set --resolv-conf in /var/snap/microk8s/current/args/kubelet on the node, then run `snap restart microk8s.daemon-kubelite`.',
  },
  {
    platform: 'Bottlerocket',
    osImage: /^Bottlerocket/i,
    advice:
      'The kubelet configuration is generated, and the root file system is read-only. Set the nameservers with the Bottlerocket settings API (settings.dns), or replace the node.',
  },
  {
    platform: 'Talos',
    osImage: /^Talos/i,
    advice:
      'Talos sets the resolv.conf of the kubelet itself. Set the nameservers in the machine configuration (machine.network.nameservers).',
  },
  {
    platform: 'OpenShift',
    label: /^node\.openshift\.io\/os_id$/,
    osImage: /^Red Hat Enterprise Linux CoreOS|^OpenShift/i,
    advice:
      'The Machine Config Operator treats a changed file as drift and marks the node as degraded. Set resolvConf in a KubeletConfig resource, which reboots the nodes of the pool.',
  },
  {
    platform: 'EKS',
    version: /-eks-/,
    label: /^eks\.amazonaws\.com\//,
    advice:
      'The kubelet configuration is generated at every boot. Set spec.kubelet.config.resolvConf in the NodeConfig of the launch template (Amazon Linux 2023), or the kubelet arguments of its bootstrap script (Amazon Linux 2), then replace the node.',
  },
  {
    platform: 'GKE',
    version: /-gke\./,
    label: /^cloud\.google\.com\/gke-/,
    osImage: /^Container-Optimized OS/i,
    advice:
      'The kubelet configuration is generated at boot, and resolvConf cannot be set in the node system configuration. Recreate the node, and contact the provider if the failure returns.',
  },
  {
    platform: 'AKS',
    label: /^kubernetes\.azure\.com\//,
    advice:
      'The flags of the kubelet are part of the node image. Reimage the node (`az aks nodepool upgrade --node-image-only`), and look for a DaemonSet or an extension that changed /etc/default/kubelet or /etc/resolv.conf.',
  },
  {
    platform: 'minikube',
    label: /^minikube\.k8s\.io\//,
    advice:
      'Start the cluster with `minikube start --extra-config=kubelet.resolv-conf=/run/systemd/resolve/resolv.conf`.',
  },
];

/** Null if no such platform is recognised. The agent still refuses a layout that it does not know. */
export function managedPlatform(node: PlatformFacts): ManagedPlatform | null {
  const labels = Object.keys(node.labels);
  const found = PLATFORMS.find(
    ({ version, osImage, label }) =>
      version?.test(node.kubeletVersion) ||
      osImage?.test(node.osImage) ||
      (label && labels.some((key) => label.test(key))),
  );
  return found ? { platform: found.platform, advice: found.advice } : null;
}
