/** Where a rig keeps things: file names and kernel names, all derived from the rig's name, so that `down` needs no record. */
import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;

/** The word by which everything of every rig is found: cgroups, network namespaces, folders. */
export const FAMILY = 'dnshealth-rig';

/** What was built, for all rigs; may be deleted at any time while no rig runs. */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), FAMILY);
}

/** What running rigs need; empty when none runs. */
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
  /** Names of network namespaces start so. A rig's name has no dot, hence no rig's prefix is another's. */
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

/** Throws for a name that could not be a folder, a cgroup and a namespace name at once. */
export function rigPaths(name: string, state: string = stateDir()): RigPaths {
  if (!NAME.test(name)) {
    throw new Error(
      `a rig's name is up to 32 lower-case letters, digits and dashes, got ${JSON.stringify(name)}`,
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
