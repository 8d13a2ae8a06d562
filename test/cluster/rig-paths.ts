/** File names and kernel names of a rig, all derived from the rig's name, so that `down` needs no record. */
import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** Part of the names of all cgroups, network namespaces and folders of all rigs. */
export const FAMILY = 'dnshealth-rig';

/** Build results, shared by all rigs; may be deleted whenever no rig runs. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), FAMILY);
}

/** State of the running rigs; empty when none runs. */
export function stateDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), FAMILY);
}

export interface RigPaths {
  readonly name: string;
  readonly dir: string;
  readonly record: string;
  readonly pki: string;
  readonly etc: string;
  readonly logs: string;
  readonly auditLog: string;
  readonly kubeconfig: string;
  readonly processes: string;
  readonly runcRoot: string;
  /** Below each cgroup hierarchy. */
  readonly cgroup: string;
  /** Prefix of its network namespaces. A rig's name has no dot, so no prefix is the start of another. */
  readonly netnsPrefix: string;
  readonly controlPlaneNetns: string;
  node(name: string): NodePaths;
}

export interface NodePaths {
  readonly dir: string;
  readonly bundle: string;
  readonly upper: string;
  readonly work: string;
  readonly rootfs: string;
  readonly containerdData: string;
  readonly kubeletData: string;
  readonly console: string;
  readonly pidFile: string;
  readonly cgroup: string;
  readonly netns: string;
  readonly containerId: string;
}

/** Throws if the name cannot be part of folder, cgroup and namespace names. */
export function rigPaths(name: string, state: string = stateDir()): RigPaths {
  if (!NAME.test(name)) {
    throw new Error(
      `invalid rig name ${JSON.stringify(name)}: up to 32 lower-case letters, digits and dashes, a letter first`,
    );
  }
  const dir = join(state, 'rigs', name);
  const cgroup = `${FAMILY}/${name}`;
  const netnsPrefix = `${FAMILY}.${name}.`;
  return {
    name,
    dir,
    record: join(dir, 'rig.json'),
    pki: join(dir, 'pki'),
    etc: join(dir, 'etc'),
    logs: join(dir, 'logs'),
    auditLog: join(dir, 'logs', 'audit.log'),
    kubeconfig: join(dir, 'admin.kubeconfig'),
    processes: join(dir, 'processes'),
    runcRoot: join(dir, 'runc'),
    cgroup,
    netnsPrefix,
    controlPlaneNetns: `${netnsPrefix}control-plane`,
    node: (node) => {
      const nodeDir = join(dir, 'nodes', node);
      return {
        dir: nodeDir,
        bundle: nodeDir,
        upper: join(nodeDir, 'upper'),
        work: join(nodeDir, 'work'),
        rootfs: join(nodeDir, 'rootfs'),
        containerdData: join(nodeDir, 'containerd'),
        kubeletData: join(nodeDir, 'kubelet'),
        console: join(dir, 'logs', `${node}.console.log`),
        pidFile: join(nodeDir, 'init.pid'),
        cgroup: `${cgroup}/${node}`,
        netns: `${netnsPrefix}${node}`,
        containerId: `${name}.${node}`,
      };
    },
  };
}
