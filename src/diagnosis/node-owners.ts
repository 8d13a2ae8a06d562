/** Who else writes the kubelet configuration of a node, and by which marks: one table for the operator and the agent. */

/** What the owner does with a change that is made on the node. */
type Verdict =
  /** It generates the file at boot or in a control loop, or nobody may change the node: no repair, but advice. */
  | { readonly kind: 'generates'; readonly advice: string }
  /** It writes the file when it creates, updates or reconciles the node: a repair holds until then. */
  | { readonly kind: 'rewrites'; readonly source: string; readonly advice: (target: string) => string };

/** Any one is enough. Labels and annotations are matched as `key=value`. */
export interface OwnerMarks {
  readonly version?: RegExp;
  readonly osImage?: RegExp;
  readonly label?: RegExp;
  readonly annotation?: RegExp;
  /** Files or directories on the node. */
  readonly files?: readonly string[];
  /** A file of the node with this text in it. */
  readonly text?: { readonly path: string; readonly contains: RegExp };
  /** The directory of the kubelet's program. */
  readonly program?: string;
}

export interface NodeOwner {
  readonly name: string;
  readonly marks: OwnerMarks;
  /** What the marks prove. */
  readonly proof: string;
  readonly verdict: Verdict;
}

const generates = (advice: string): Verdict => ({ kind: 'generates', advice });

/** The first match counts: a platform that runs on top of another one comes before it, and those that generate first. */
export const NODE_OWNERS: readonly NodeOwner[] = [
  {
    name: 'RKE2',
    marks: { version: /\+rke2/, files: ['/etc/rancher/rke2'], program: '/var/lib/rancher/rke2/' },
    proof: 'The rke2 binary reports this version and starts the kubelet as its child.',
    verdict: generates(
      'Set resolv-conf under kubelet-arg in /etc/rancher/rke2/config.yaml on the node (or RKE2_RESOLV_CONF), then run `systemctl restart rke2-server` (or rke2-agent). On a server node this also restarts the API server, so the operator does not do it.',
    ),
  },
  {
    name: 'K3s',
    marks: { version: /\+k3s/, files: ['/etc/rancher/k3s'], program: '/var/lib/rancher/' },
    proof: 'The k3s binary reports this version and contains the kubelet.',
    verdict: generates(
      'Set resolv-conf in /etc/rancher/k3s/config.yaml on the node (or K3S_RESOLV_CONF), then run `systemctl restart k3s` (or k3s-agent). On a server node this also restarts the API server and the container runtime, so the operator does not do it.',
    ),
  },
  {
    name: 'k0s',
    marks: {
      version: /\+k0s/,
      files: ['/etc/systemd/system/k0sworker.service', '/etc/systemd/system/k0scontroller.service'],
      program: '/var/lib/k0s/',
    },
    proof:
      'The k0s binary reports this version, starts the kubelet as its child, and writes its configuration at each start.',
    verdict: generates(
      'Set resolvConf in a worker profile (spec.workerProfiles of the k0s configuration), start the worker with `--profile`, and restart k0sworker on the node.',
    ),
  },
  {
    name: 'RKE',
    // RKE1 has no version suffix and sets annotations, never labels: rke.cattle.io/internal-ip and external-ip.
    marks: { label: /^rke\.cattle\.io\//, annotation: /^rke\.cattle\.io\// },
    proof: 'RKE1 annotates the nodes that it creates; their kubelet is a container without a unit.',
    verdict: generates(
      'Set resolv-conf under services.kubelet.extra_args in cluster.yml, then run `rke up`. The kubelet runs in a container there and is configured by flags only.',
    ),
  },
  {
    name: 'MicroK8s',
    marks: {
      label: /^microk8s\.io\/cluster=/,
      files: ['/etc/systemd/system/snap.microk8s.daemon-kubelite.service'],
      program: '/snap/microk8s/',
    },
    proof: 'The snap labels its nodes; its kubelite process contains the kubelet.',
    verdict: generates(
      'Set --resolv-conf in /var/snap/microk8s/current/args/kubelet on the node, then run `snap restart microk8s.daemon-kubelite`.',
    ),
  },
  {
    name: 'Bottlerocket',
    marks: { osImage: /^Bottlerocket/i, files: ['/etc/bottlerocket-release'] },
    proof: 'The operating system generates the file from its settings.',
    verdict: generates(
      'The kubelet configuration is generated, and the root file system is read-only. Set the nameservers with the Bottlerocket settings API (settings.dns), or replace the node.',
    ),
  },
  {
    name: 'Talos',
    marks: { osImage: /^Talos/i },
    proof: 'The operating system starts the kubelet itself, without systemd.',
    verdict: generates(
      'Talos sets the resolv.conf of the kubelet itself. Set the nameservers in the machine configuration (machine.network.nameservers).',
    ),
  },
  {
    name: 'NixOS',
    marks: { osImage: /^NixOS/i, files: ['/etc/NIXOS'], program: '/nix/store/' },
    proof: 'The operating system generates the unit and the file; both are read-only.',
    verdict: generates(
      'Set services.kubernetes.kubelet.extraConfig.resolvConf in the configuration of the system, then run `nixos-rebuild switch`.',
    ),
  },
  {
    name: 'OpenShift',
    marks: {
      label: /^node\.openshift\.io\/os_id=/,
      osImage: /^Red Hat Enterprise Linux CoreOS|^OpenShift/i,
      files: ['/etc/machine-config-daemon'],
    },
    proof: 'The Machine Config Operator compares the files of the node with its rendered configuration.',
    verdict: generates(
      'The Machine Config Operator treats a changed file as drift and marks the node as degraded. Set resolvConf in a KubeletConfig resource, which reboots the nodes of the pool.',
    ),
  },
  {
    name: 'Fargate',
    // AWS sets it as label and as taint, and names the node fargate-ip-….
    marks: { label: /^eks\.amazonaws\.com\/compute-type=fargate$/ },
    proof: 'AWS runs each pod on a node of its own, where no other pod and no host path is possible.',
    verdict: generates(
      'A Fargate node cannot be changed: AWS gives it the DNS servers of the DHCP option set of the VPC. Check those and the forward plugin in the Corefile, then delete the DNS pod, so that it gets a new node.',
    ),
  },
  {
    name: 'EKS',
    marks: {
      version: /-eks-/,
      label: /^eks\.amazonaws\.com\//,
      files: [
        '/etc/eks',
        '/etc/kubernetes/kubelet/config.json',
        '/etc/kubernetes/kubelet/kubelet-config.json',
      ],
    },
    proof: 'The image of AWS generates the file at every boot.',
    verdict: generates(
      'The kubelet configuration is generated at every boot. Set spec.kubelet.config.resolvConf in the NodeConfig of the launch template (Amazon Linux 2023), or the kubelet arguments of its bootstrap script (Amazon Linux 2), then replace the node.',
    ),
  },
  {
    name: 'GKE',
    marks: {
      version: /-gke\./,
      label: /^cloud\.google\.com\/gke-/,
      osImage: /^Container-Optimized OS/i,
      program: '/home/kubernetes/',
    },
    proof: 'The image of Google generates the file at every boot.',
    verdict: generates(
      'The kubelet configuration is generated at boot, and resolvConf cannot be set in the node system configuration. Recreate the node, and contact the provider if the failure returns.',
    ),
  },
  {
    name: 'AKS',
    // Not /etc/kubernetes/azure.json: every cluster that uses the Azure cloud provider has it.
    marks: {
      label: /^kubernetes\.azure\.com\//,
      text: { path: '/etc/default/kubelet', contains: /kubernetes\.azure\.com\// },
    },
    proof: 'The node image has the flags and labels of the kubelet in /etc/default/kubelet.',
    verdict: generates(
      'The flags of the kubelet are part of the node image. Reimage the node (`az aks nodepool upgrade --node-image-only`), and look for a DaemonSet or an extension that changed /etc/default/kubelet or /etc/resolv.conf.',
    ),
  },
  {
    name: 'minikube',
    marks: { label: /^minikube\.k8s\.io\//, program: '/var/lib/minikube/' },
    proof: 'minikube writes the file at each start of the cluster.',
    verdict: generates(
      'Start the cluster with `minikube start --extra-config=kubelet.resolv-conf=/run/systemd/resolve/resolv.conf`.',
    ),
  },
  {
    name: 'kOps',
    marks: { label: /^kops\.k8s\.io\// },
    proof: 'nodeup wrote the file when the node was created; older releases run it at every boot.',
    verdict: {
      kind: 'rewrites',
      source: 'kOps instance group',
      advice: (target) =>
        `Set spec.kubelet.resolvConf: ${target} with \`kops edit cluster\` (or in the instance group), then run \`kops update cluster --yes\`. New nodes, and nodes whose nodeup runs at every boot, otherwise get the old value.`,
    },
  },
  {
    name: 'Gardener',
    marks: { label: /^worker\.gardener\.cloud\// },
    proof: 'gardener-node-agent writes the file from the OperatingSystemConfig whenever that changes.',
    verdict: {
      kind: 'rewrites',
      source: 'Gardener OperatingSystemConfig',
      advice: () =>
        'The gardener-node-agent writes the kubelet configuration again when the worker pool changes or the node is replaced. Report the wrong value to the provider of the cluster, or roll out a corrected machine image for the worker pool.',
    },
  },
  {
    name: 'IKS',
    marks: { version: /\+IKS/i, label: /^ibm-cloud\.kubernetes\.io\// },
    proof: 'IBM Cloud wrote the file when the worker was provisioned.',
    verdict: {
      kind: 'rewrites',
      source: 'IBM Cloud worker',
      advice: () =>
        'An update, reload or replacement of the worker (`ibmcloud ks worker update`) writes the configuration of IBM Cloud again. Report the wrong value to IBM if it returns.',
    },
  },
  {
    name: 'DOKS',
    marks: { label: /^doks\.digitalocean\.com\// },
    proof: 'DigitalOcean wrote the file when the node was created.',
    verdict: {
      kind: 'rewrites',
      source: 'DigitalOcean node pool',
      advice: () =>
        'An upgrade or a recycled node gets the configuration of DigitalOcean again. Report the wrong value to DigitalOcean if it returns.',
    },
  },
  {
    name: 'Tanzu',
    marks: { version: /\+vmware/, label: /^run\.tanzu\.vmware\.com\// },
    proof: 'The kubelet is a build of VMware; Tanzu replaces nodes instead of changing them.',
    verdict: {
      kind: 'rewrites',
      source: 'Tanzu cluster',
      advice: (target) =>
        `A replaced node, as in every upgrade, gets the old value. Set resolvConf: ${target} in the kubelet configuration of the ClusterClass or of the node template.`,
    },
  },
  {
    name: 'kubermatic',
    // https://docs.kubermatic.com/kubeone: nodes of the machine-controller have this label.
    marks: { label: /^machine-controller\/owned-by=|^k8s\.kubermatic\.io\// },
    proof: 'The machine-controller of Kubermatic and KubeOne wrote the file when it created the node.',
    verdict: {
      kind: 'rewrites',
      source: 'machine-controller MachineDeployment',
      advice: (target) =>
        `A new machine gets the old value. Set resolvConf: ${target} in the OperatingSystemProfile that the MachineDeployment uses.`,
    },
  },
  {
    name: 'Cluster API',
    marks: { annotation: /^cluster\.x-k8s\.io\/machine=/ },
    proof: 'Cluster API created the node from a bootstrap template and replaces it in every rollout.',
    verdict: {
      kind: 'rewrites',
      source: 'Cluster API bootstrap template',
      advice: (target) =>
        `A new machine gets the old value. Set resolvConf: ${target} in the bootstrap template (for kubeadm: a kubeletconfiguration patch in the KubeadmConfigTemplate and the KubeadmControlPlane).`,
    },
  },
];
