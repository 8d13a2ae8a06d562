/** The files that turn the plain Debian root into a node, with path, mode and content; pure. */
import type { AddressPlan, NodePlan } from '../address-plan.ts';
import { PAUSE_IMAGE } from '../build/cluster-images.ts';
import { kubeProxyConfiguration } from '../control-plane/components.ts';
import {
  KUBELET_CONFIG,
  KUBELET_ENVIRONMENT,
  type KubeletOptions,
  kubeletConfiguration,
  kubeletEnvironment,
  kubeletUnit,
} from './kubelet-files.ts';

interface NodeFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

interface NodeLink {
  readonly path: string;
  readonly target: string;
}

interface NodeSecrets {
  readonly ca: string;
  readonly kubeletKubeconfig: string;
  readonly kubeProxyKubeconfig: string;
  readonly servingCertificate: string;
  readonly servingKey: string;
  readonly machineId: string;
}

export const RESOLVED_DROP_IN = '/etc/systemd/resolved.conf.d/upstream.conf';

/** The upstream servers of systemd-resolved. */
export const resolvedDropIn = (servers: readonly string[]): string => `[Resolve]\nDNS=${servers.join(' ')}\n`;

export const INIT = '/usr/local/sbin/rig-init';

export function nodeFiles(
  node: NodePlan,
  plan: AddressPlan,
  secrets: NodeSecrets,
  options: KubeletOptions,
): NodeFile[] {
  const file = (path: string, content: string, mode = 0o644): NodeFile => ({ path, content, mode });
  return [
    file('/etc/hostname', `${node.name}\n`),
    file('/etc/hosts', hosts(plan)),
    file('/etc/machine-id', `${secrets.machineId}\n`, 0o444),
    file(RESOLVED_DROP_IN, resolvedDropIn(plan.networks.map(({ controlPlane }) => controlPlane))),
    // By default, shutdown waits 90 s for a container that ignores SIGTERM.
    file('/etc/systemd/system.conf.d/rig.conf', '[Manager]\nDefaultTimeoutStopSec=3s\n'),
    file('/etc/containerd/config.toml', containerdConfiguration(options)),
    file('/etc/systemd/system/containerd.service.d/rig.conf', containerdOverride(options)),
    file('/etc/cni/net.d/10-rig.conflist', cniConfiguration(node, plan)),
    file(KUBELET_CONFIG, kubeletConfiguration(plan, options), 0o600),
    file(KUBELET_ENVIRONMENT, kubeletEnvironment(node), 0o600),
    file('/etc/kubernetes/kubelet.conf', secrets.kubeletKubeconfig, 0o600),
    file('/etc/kubernetes/ssl/ca.crt', secrets.ca),
    file('/etc/systemd/system/kubelet.service', kubeletUnit(options)),
    file('/etc/kubernetes/kube-proxy.kubeconfig', secrets.kubeProxyKubeconfig, 0o600),
    file(
      '/etc/kubernetes/kube-proxy.yaml',
      kubeProxyConfiguration({
        kubeconfig: '/etc/kubernetes/kube-proxy.kubeconfig',
        plan,
        hostname: node.name,
      }),
    ),
    file('/etc/systemd/system/kube-proxy.service', KUBE_PROXY_UNIT),
    // The kubelet looks here for a serving certificate before it signs one itself.
    file('/var/lib/kubelet/pki/kubelet.crt', secrets.servingCertificate),
    file('/var/lib/kubelet/pki/kubelet.key', secrets.servingKey, 0o600),
    file(INIT, INIT_SCRIPT, 0o755),
  ];
}

const MASKED = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'getty.target',
  'e2scrub_all.timer',
  // It would take the machine's audit messages.
  'systemd-journald-audit.socket',
];
const WANTED = ['kubelet.service', 'kube-proxy.service'];

export const NODE_LINKS: readonly NodeLink[] = [
  { path: '/etc/resolv.conf', target: '../run/systemd/resolve/stub-resolv.conf' },
  { path: '/etc/systemd/system/default.target', target: '/lib/systemd/system/multi-user.target' },
  ...WANTED.map((unit) => ({
    path: `/etc/systemd/system/multi-user.target.wants/${unit}`,
    target: `/etc/systemd/system/${unit}`,
  })),
  ...MASKED.map((unit) => ({ path: `/etc/systemd/system/${unit}`, target: '/dev/null' })),
];

export const NODE_FOLDERS: readonly string[] = [
  '/etc/kubernetes/manifests',
  '/var/lib/containerd',
  '/var/lib/kubelet',
];

function hosts(plan: AddressPlan): string {
  const nodes = plan.nodes.flatMap(({ name, addresses }) =>
    addresses.map((address) => `${address} ${name}.${plan.clusterDomain} ${name}`),
  );
  return `127.0.0.1 localhost localhost.localdomain\n::1 localhost6 localhost6.localdomain\n${nodes.join('\n')}\n`;
}

function containerdConfiguration(options: KubeletOptions): string {
  return `version = 2
${options.canLowerOomScore ? '' : 'oom_score = 0\n'}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = ${!options.canLowerOomScore}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
`;
}

function containerdOverride(options: KubeletOptions): string {
  const limits = options.canLowerOomScore
    ? ''
    : 'OOMScoreAdjust=0\nLimitNOFILE=20000\nLimitNPROC=\nLimitCORE=\n';
  // The unit loads the overlay module, which a node cannot; it is loaded already, the node's root is an overlay.
  return `[Service]\nExecStartPre=\n${limits}`;
}

/**
 * Point-to-point links, not a bridge: all traffic is routed, so that a pod reaches itself through a Service without
 * the br_netfilter module. Addresses are kept in /run, because the sandboxes do not survive a reboot either.
 */
function cniConfiguration(node: NodePlan, plan: AddressPlan): string {
  const ptp = {
    type: 'ptp',
    ipMasq: false,
    ipam: {
      type: 'host-local',
      dataDir: '/run/cni-ipam-state',
      ranges: node.podSubnets.map((subnet) => [{ subnet }]),
      routes: plan.networks.map(({ anywhere }) => ({ dst: anywhere })),
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'rig', plugins: [ptp, portmap] }, undefined, 2)}\n`;
}

const KUBE_PROXY_UNIT = `[Unit]
Description=Kubernetes Kube-Proxy
After=network.target

[Service]
ExecStart=/usr/local/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.yaml
Restart=always
RestartSec=2s

[Install]
WantedBy=multi-user.target
`;

/** Set by the kubelet at its start. They belong to the machine, so the node gets files that contain these values. */
const KUBELET_SYSCTLS: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/**
 * Becomes PID 1. Makes the machine's sysctls read-only except for those of the node's own network, and gives each
 * boot its own boot id, which the node would otherwise share with the machine.
 */
const INIT_SCRIPT = `#!/bin/sh
set -e
mount --make-rshared /
mkdir -p /run/rig/proc
mount -t proc proc /run/rig/proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /run/rig/proc/sys/net /proc/sys/net
show() {
  file=/run/rig/$(echo "$1" | tr / .)
  echo "$2" > "$file"
  mount --bind "$file" "/proc/sys/$1"
}
show kernel/random/boot_id "$(cat /run/rig/proc/sys/kernel/random/uuid)"
${Object.entries(KUBELET_SYSCTLS)
  .map(([name, value]) => `show ${name} ${value}`)
  .join('\n')}
umount /run/rig/proc
exec /sbin/init
`;
