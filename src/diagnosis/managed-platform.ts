/** Recognises platforms that write their nodes' kubelet configuration themselves. There the operator refuses and advises. */

export interface PlatformFacts {
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

/** The first match counts, so what runs on top of something else stands before it. Any one mark is enough. */
const PLATFORMS: readonly Platform[] = [
  {
    platform: 'RKE2',
    version: /\+rke2/,
    advice:
      'Set resolv-conf under kubelet-arg in /etc/rancher/rke2/config.yaml on the node (or RKE2_RESOLV_CONF) and restart rke2-server or rke2-agent: that restart takes the API server of a server node with it, so it is left to you.',
  },
  {
    platform: 'K3s',
    version: /\+k3s/,
    advice:
      'Set resolv-conf in /etc/rancher/k3s/config.yaml on the node (or K3S_RESOLV_CONF) and restart k3s or k3s-agent: that restart takes the API server and the container runtime of a server node with it, so it is left to you.',
  },
  {
    platform: 'RKE',
    label: /^rke\.cattle\.io\//,
    advice:
      'Set resolv-conf under services.kubelet.extra_args in cluster.yml and run rke up: the kubelet is a container there, and its flags are the only configuration.',
  },
  {
    platform: 'MicroK8s',
    label: /^microk8s\.io\/cluster$/,
    advice:
      'Set --resolv-conf in /var/snap/microk8s/current/args/kubelet on the node and run snap restart microk8s.daemon-kubelite.',
  },
  {
    platform: 'Bottlerocket',
    osImage: /^Bottlerocket/i,
    advice:
      'The kubelet configuration is generated and its root file system read-only. Set the name servers by the Bottlerocket settings API (settings.dns) or replace the node.',
  },
  {
    platform: 'Talos',
    osImage: /^Talos/i,
    advice:
      'Talos sets the resolv.conf of the kubelet itself. Set the name servers in the machine configuration (machine.network.nameservers).',
  },
  {
    platform: 'OpenShift',
    label: /^node\.openshift\.io\/os_id$/,
    osImage: /^Red Hat Enterprise Linux CoreOS|^OpenShift/i,
    advice:
      'A changed file is drift to the Machine Config Operator and degrades the node. Set it through a KubeletConfig resource, which reboots the pool.',
  },
  {
    platform: 'EKS',
    version: /-eks-/,
    label: /^eks\.amazonaws\.com\//,
    advice:
      'The kubelet configuration is written again at every boot. On Amazon Linux 2023 set spec.kubelet.config.resolvConf in the NodeConfig of the launch template, on Amazon Linux 2 the kubelet arguments of its bootstrap script, and replace the node.',
  },
  {
    platform: 'GKE',
    version: /-gke\./,
    label: /^cloud\.google\.com\/gke-/,
    osImage: /^Container-Optimized OS/i,
    advice:
      'The kubelet configuration is generated at boot, and resolvConf cannot be set in the node system configuration. Recreate the node, and turn to the provider if it happens again.',
  },
  {
    platform: 'AKS',
    label: /^kubernetes\.azure\.com\//,
    advice:
      'The flags of the kubelet are part of the node image. Reimage the node (az aks nodepool upgrade --node-image-only), and look for a DaemonSet or extension that changed /etc/default/kubelet or /etc/resolv.conf.',
  },
  {
    platform: 'minikube',
    label: /^minikube\.k8s\.io\//,
    advice: 'Start the cluster with --extra-config=kubelet.resolv-conf=/run/systemd/resolve/resolv.conf.',
  },
];

/** null where nothing speaks against a host patch; the agent still refuses a layout that it does not know. */
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
