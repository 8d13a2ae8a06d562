/** The runc configuration of a node: a container whose PID 1 is systemd; pure. */
import type { NodePlan } from '../address-plan.ts';
import type { NodePaths } from '../rig-paths.ts';
import { INIT } from './node-files.ts';

const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

// For the machine's clock, kernel modules and ports, which a node must not touch.
const WITHHELD = new Set(['CAP_SYS_TIME', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO']);

/** Names of the set bits of CapEff or CapBnd in /proc/PID/status. */
export function capabilityNames(mask: bigint): string[] {
  return CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

interface ContainerSpecRequest {
  readonly node: NodePlan;
  readonly paths: NodePaths;
  /** The folder with kubelet and kube-proxy. */
  readonly bin: string;
  /** The ones that this process has. */
  readonly capabilities: readonly string[];
}

export function containerSpec(request: ContainerSpecRequest): object {
  const { node, paths } = request;
  const capabilities = request.capabilities.filter((name) => !WITHHELD.has(name));
  const tmpfs = (destination: string, ...options: string[]) => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', ...options],
  });
  const bind = (source: string, destination: string, ...options: string[]) => ({
    destination,
    type: 'bind',
    source,
    options: ['rbind', ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [INIT],
      cwd: '/',
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'container=oci'],
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: false,
      // No rlimits: any above our own need CAP_SYS_RESOURCE.
    },
    root: { path: paths.rootfs, readonly: false },
    hostname: node.name,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      tmpfs('/dev/shm', 'noexec', 'mode=1777'),
      {
        destination: '/dev/mqueue',
        type: 'mqueue',
        source: 'mqueue',
        options: ['nosuid', 'noexec', 'nodev'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'relatime', 'rw'],
      },
      tmpfs('/run', 'mode=755'),
      tmpfs('/tmp', 'mode=1777'),
      // On the machine's disk: containerd's overlays cannot have an overlay as their upper layer.
      bind(paths.containerdData, '/var/lib/containerd', 'rw'),
      bind(paths.kubeletData, '/var/lib/kubelet', 'rw'),
      ...['kubelet', 'kube-proxy'].map((program) =>
        bind(`${request.bin}/${program}`, `/usr/local/bin/${program}`, 'ro'),
      ),
    ],
    linux: {
      cgroupsPath: `/${paths.cgroup}`,
      namespaces: [
        { type: 'pid' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'cgroup' },
        { type: 'network', path: `/run/netns/${paths.netns}` },
      ],
      resources: { devices: [{ allow: true, access: 'rwm' }] },
      // Read by the kubelet's OOM watcher.
      devices: [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11, fileMode: 0o644, uid: 0, gid: 0 }],
      rootfsPropagation: 'rslave',
    },
  };
}
