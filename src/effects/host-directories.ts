/** The directories of a node that the Jobs there mount, below `HOST_ROOT`. A closed list: no custom resource reaches it. */
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { HOST_ROOT, type KubeletDirectory, STATE_DIRECTORY } from '../api/agent-protocol.ts';

/** Directories, never files: a rename over a mounted file is EBUSY. */
export interface HostDirectory {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** Without a type the runtime would create a directory that is missing, on the host. */
  readonly type: 'Directory' | 'DirectoryOrCreate';
}

const NAMES: Readonly<Record<KubeletDirectory, string>> = {
  '/etc/kubernetes': 'kubernetes',
  '/var/lib/kubelet': 'kubelet',
  '/etc/default': 'default',
  '/etc/sysconfig': 'sysconfig',
};

/** Holds /etc/resolv.conf, which is a symlink, and the environment files of kubelet.service. */
export const ETC = readable('/etc');
/**
 * To be read: what a restart of the kubelet would start. Each exists on every host with systemd (the Filesystem
 * Hierarchy Standard requires them), so that none has to be created, and no pod fails for one that is missing. That is
 * also why /run is mounted and not what the agent reads in it: /run/systemd/resolve, /run/NetworkManager and
 * /run/resolvconf each exist only where their program runs. It adds no power: who may use the system bus in /run/dbus as
 * root, as the agent must, is root already.
 */
export const PROGRAMS = ['/run', '/usr', '/lib', '/opt'].map(readable);
export const STATE: HostDirectory = {
  name: 'state',
  path: STATE_DIRECTORY,
  readOnly: false,
  type: 'DirectoryOrCreate',
};

export function kubeletDirectory(
  path: KubeletDirectory,
  writable: readonly KubeletDirectory[],
): HostDirectory {
  return {
    name: NAMES[path],
    path,
    readOnly: !writable.includes(path),
    // Writable before it is known where the setting is: a kubelet that was installed by hand may do without it.
    type: path === '/etc/kubernetes' ? 'DirectoryOrCreate' : 'Directory',
  };
}

function readable(path: string): HostDirectory {
  return { name: path.slice(1), path, readOnly: true, type: 'Directory' };
}

export const volume = ({ name, path, type }: HostDirectory): V1Volume => ({ name, hostPath: { path, type } });
export const mount = ({ name, path, readOnly }: HostDirectory): V1VolumeMount => ({
  name,
  mountPath: `${HOST_ROOT}${path}`,
  readOnly,
  // Below /run and /var/lib/kubelet are mounts of other pods. Kubernetes before 1.31 ignores this field.
  ...(readOnly ? { recursiveReadOnly: 'IfPossible' } : {}),
});
