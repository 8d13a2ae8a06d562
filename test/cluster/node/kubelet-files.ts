/** The kubelet's files as kubespray lays them out: configuration, environment, unit. */
import type { AddressPlan, NodePlan } from '../address-plan.ts';

export const KUBELET_CONFIG = '/etc/kubernetes/kubelet-config.yaml';
export const KUBELET_ENVIRONMENT = '/etc/kubernetes/kubelet.env';
export const GOOD_RESOLV_CONF = '/run/systemd/resolve/resolv.conf';
export const BAD_RESOLV_CONF = '/etc/resolv.conf';

export interface KubeletOptions {
  /** Needs CAP_SYS_RESOURCE. */
  readonly canLowerOomScore: boolean;
  /** Such as `v1.34.4`. */
  readonly kubernetes: string;
}

/** Keys and order of kubespray's kubelet-config.v1beta1.yaml.j2; additions for the rig are at the end. */
export function kubeletConfiguration(plan: AddressPlan, options: KubeletOptions): string {
  return `# Ansible managed: roles/kubernetes/node/templates/kubelet-config.v1beta1.yaml.j2
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
nodeStatusUpdateFrequency: "10s"
failSwapOn: False
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: True
  x509:
    clientCAFile: /etc/kubernetes/ssl/ca.crt
authorization:
  mode: Webhook
staticPodPath: "/etc/kubernetes/manifests"
cgroupDriver: cgroupfs
containerLogMaxFiles: 5
containerLogMaxSize: 10Mi
maxPods: 110
address: "0.0.0.0"
readOnlyPort: 0
healthzPort: 10248
healthzBindAddress: 127.0.0.1
clusterDomain: ${plan.clusterDomain}
protectKernelDefaults: false
# The nodes' DNS servers are the cluster's own, not a node-local cache
clusterDNS:
${plan.networks.map(({ clusterDns }) => `- ${clusterDns}`).join('\n')}
kubeReserved:
  cpu: "100m"
  memory: "256Mi"
  ephemeral-storage: "500Mi"
  pid: "1000"
resolvConf: "${GOOD_RESOLV_CONF}"
eventRecordQPS: 50
shutdownGracePeriod: 0s
shutdownGracePeriodCriticalPods: 0s
maxParallelImagePulls: 1
# A node inside a container: the machine's own sysctls and device files are out of reach
featureGates:
  KubeletInUserNamespace: true
# From 1.35 on, the kubelet otherwise refuses a machine with cgroup version 1
failCgroupV1: false
${options.canLowerOomScore ? '' : 'oomScoreAdj: 0\n'}`;
}

export function kubeletEnvironment(node: NodePlan): string {
  return `KUBE_LOG_LEVEL="--v=2"
KUBELET_ADDRESS="--node-ip=${node.addresses.join(',')}"
KUBELET_HOSTNAME="--hostname-override=${node.name}"

KUBELET_ARGS="--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \\
--config=${KUBELET_CONFIG} \\
--kubeconfig=/etc/kubernetes/kubelet.conf \\
--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock \\
 "
KUBELET_CLOUDPROVIDER=""

PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
`;
}

export const kubeletUnit = ({ kubernetes }: KubeletOptions): string => `[Unit]
Description=Kubernetes Kubelet Server ${kubernetes}
Documentation=https://github.com/GoogleCloudPlatform/kubernetes
After=containerd.service
Wants=containerd.service

[Service]
EnvironmentFile=/etc/kubernetes/kubelet.env
ExecStart=/usr/local/bin/kubelet \\
		$KUBE_LOGTOSTDERR \\
		$KUBE_LOG_LEVEL \\
		$KUBELET_API_SERVER \\
		$KUBELET_ADDRESS \\
		$KUBELET_PORT \\
		$KUBELET_HOSTNAME \\
		$KUBELET_ARGS \\
		$DOCKER_SOCKET \\
		$KUBELET_NETWORK_PLUGIN \\
		$KUBELET_VOLUME_PLUGIN \\
		$KUBELET_CLOUDPROVIDER
Restart=always
RestartSec=10s

[Install]
WantedBy=multi-user.target
`;

const VALUE = /^(resolvConf: *")([^"\n]*)(" *)$/m;

/** The value of resolvConf in the file, undefined if there is no such line in kubespray's form. */
export function resolvConfOf(configuration: string): string | undefined {
  return VALUE.exec(configuration)?.[2];
}

/** The file with that value changed and no other byte; throws if there is no such line. */
export function withResolvConf(configuration: string, value: string): string {
  if (resolvConfOf(configuration) === undefined)
    throw new Error('the kubelet configuration has no resolvConf line');
  return configuration.replace(
    VALUE,
    (_, before: string, _old: string, after: string) => `${before}${value}${after}`,
  );
}
