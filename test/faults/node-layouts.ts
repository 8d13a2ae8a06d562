/** The nodes that the agent is killed on: how their kubelet is configured, where, and what the repair changes. */

export const UPLINK = '/run/systemd/resolve/resolv.conf';
/** The server in it. */
export const RESOLVER = '192.0.2.1';
const KUBESPRAY = '/etc/kubernetes/kubelet-config.yaml';
const KUBEADM = '/var/lib/kubelet/config.yaml';

export interface NodeLayout {
  readonly name: string;
  /** The file to be changed. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly mode: number;
  /** Who owns the directory of that file. @default 0 */
  readonly directoryOwner?: number;
  readonly argv: readonly string[];
  readonly environmentFiles?: readonly (readonly [path: string, optional: boolean])[];
  /** Further files of the node. */
  readonly files?: Readonly<Record<string, string>>;
}

const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const yaml = (resolvConf: string): string =>
  `${HEAD}# set by the inventory\nresolvConf: "${resolvConf}"\neventRecordQPS: 50\n`;
const json = (resolvConf: string): string =>
  `{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1",\n "resolvConf": "${resolvConf}", "maxPods": 110}\n`;

const flags = (resolvConf: string): string =>
  `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} \\\n--resolv-conf=${resolvConf}"\n`;

const kubespray = {
  path: KUBESPRAY,
  before: yaml('/etc/resolv.conf'),
  after: yaml(UPLINK),
  mode: 0o600,
  argv: ['/usr/local/bin/kubelet', '$KUBELET_ARGS'],
  environmentFiles: [['/etc/kubernetes/kubelet.env', false]],
  files: { '/etc/kubernetes/kubelet.env': `KUBELET_ARGS="--v=2 --config=${KUBESPRAY}"\n` },
} satisfies Omit<NodeLayout, 'name'>;

const kubeadm = {
  path: KUBEADM,
  before: yaml('/etc/resolv.conf'),
  after: yaml(UPLINK),
  mode: 0o644,
  argv: ['/usr/bin/kubelet', `--config=${KUBEADM}`, '$KUBELET_KUBEADM_ARGS', '$KUBELET_EXTRA_ARGS'],
  environmentFiles: [
    ['/var/lib/kubelet/kubeadm-flags.env', true],
    ['/etc/default/kubelet', true],
  ],
  files: { '/var/lib/kubelet/kubeadm-flags.env': 'KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.7"\n' },
} satisfies Omit<NodeLayout, 'name'>;

export const LAYOUTS: readonly NodeLayout[] = [
  { name: 'kubespray', ...kubespray },
  { name: 'kubeadm', ...kubeadm },
  { name: 'in place', ...kubespray, directoryOwner: 997 },
  {
    name: 'key absent',
    ...kubeadm,
    before: `${HEAD}x: 1\n`,
    after: `${HEAD}resolvConf: ${UPLINK}\nx: 1\n`,
  },
  {
    name: 'drop-in',
    ...kubeadm,
    path: '/etc/kubernetes/kubelet.conf.d/10-dns.conf',
    argv: [...kubeadm.argv, '--config-dir=/etc/kubernetes/kubelet.conf.d'],
    files: { ...kubeadm.files, [KUBEADM]: yaml('/etc/resolv.conf') },
  },
  {
    name: 'environment file',
    ...kubespray,
    path: '/etc/kubernetes/kubelet.env',
    before: flags('/etc/resolv.conf'),
    after: flags(UPLINK),
    files: { [KUBESPRAY]: yaml('/etc/resolv.conf') },
  },
  { name: 'JSON', ...kubeadm, before: json('/etc/resolv.conf'), after: json(UPLINK) },
];
