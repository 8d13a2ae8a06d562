/** The life of a node: prepare, boot, halt, run programs inside. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AddressPlan, NodePlan } from '../address-plan.ts';
import type { Artifacts } from '../build/artifacts.ts';
import { identify } from '../process-identity.ts';
import type { NodePaths, RigPaths } from '../rig-paths.ts';
import { type RunOptions, type RunResult, run } from '../run.ts';
import { removeCgroup } from '../teardown/cgroups.ts';
import { mountsBelow } from '../teardown/mounts.ts';
import { until } from '../until.ts';
import { capabilityNames, containerSpec } from './container-spec.ts';
import { NODE_FOLDERS, NODE_LINKS, nodeFiles } from './node-files.ts';

export interface NodeContext {
  readonly paths: RigPaths;
  readonly plan: AddressPlan;
  readonly node: NodePlan;
  readonly artifacts: Artifacts;
  /** Such as `v1.34.4`. */
  readonly kubernetes: string;
}

function machineCapabilities(): string[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return capabilityNames(BigInt(`0x${mask}`));
}

/** Mounts the overlay and writes the node's own files; needs the certificates. */
export async function prepareNode(context: NodeContext): Promise<void> {
  const paths = context.paths.node(context.node.name);
  for (const dir of [paths.upper, paths.work, paths.rootfs, paths.containerdData, paths.kubeletData]) {
    mkdirSync(dir, { recursive: true });
  }
  const layers = `lowerdir=${context.artifacts.nodeRoot},upperdir=${paths.upper},workdir=${paths.work}`;
  await run(['mount', '-t', 'overlay', 'overlay', '-o', layers, paths.rootfs]);
  const pki = (name: string) => readFile(join(context.paths.pki, name), 'utf8');
  const name = context.node.name;
  const capabilities = machineCapabilities();
  const files = nodeFiles(
    context.node,
    context.plan,
    {
      ca: await pki('ca.crt'),
      kubeletKubeconfig: await pki(`${name}.kubeconfig`),
      kubeProxyKubeconfig: await pki('kube-proxy.kubeconfig'),
      servingCertificate: await pki(`${name}-serving.crt`),
      servingKey: await pki(`${name}-serving.key`),
      machineId: randomBytes(16).toString('hex'),
    },
    { canLowerOomScore: capabilities.includes('CAP_SYS_RESOURCE'), kubernetes: context.kubernetes },
  );
  for (const folder of NODE_FOLDERS) await mkdir(join(paths.rootfs, folder), { recursive: true });
  for (const file of files) {
    const target = outside(paths, file.path);
    await mkdir(dirname(target), { recursive: true });
    // A link in the Debian root must be replaced, not followed.
    await rm(target, { force: true });
    await writeFile(target, file.content);
    await chmod(target, file.mode);
  }
  for (const link of NODE_LINKS) {
    const target = outside(paths, link.path);
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    await symlink(link.target, target);
  }
  const spec = containerSpec({ node: context.node, paths, bin: context.artifacts.bin, capabilities });
  await writeFile(join(paths.bundle, 'config.json'), JSON.stringify(spec, undefined, 2));
}

/** The path on the machine of a node's file. */
function outside(paths: NodePaths, path: string): string {
  const kubelet = '/var/lib/kubelet/';
  return path.startsWith(kubelet)
    ? join(paths.kubeletData, path.slice(kubelet.length))
    : join(paths.rootfs, path);
}

/** Starts PID 1 of the node, which boots the rest. */
export async function bootNode(context: NodeContext): Promise<void> {
  const paths = context.paths.node(context.node.name);
  mkdirSync(context.paths.logs, { recursive: true });
  if (!mountsBelow(paths.rootfs).includes(paths.rootfs)) throw new Error(`${paths.rootfs} is not mounted`);
  const console = openSync(paths.console, 'a');
  try {
    const child = spawn(
      'runc',
      [
        '--root',
        context.paths.runcRoot,
        'run',
        '--detach',
        '--bundle',
        paths.bundle,
        '--pid-file',
        paths.pidFile,
        paths.containerId,
      ],
      { stdio: ['ignore', console, console] },
    );
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) {
      const output = readFileSync(paths.console, 'utf8').slice(-1000);
      throw new Error(`${context.node.name} did not start: ${output}`);
    }
  } finally {
    closeSync(console);
  }
}

/** The pid on the machine of the node's PID 1. */
function initPid(paths: NodePaths): number | undefined {
  if (!existsSync(paths.pidFile)) return undefined;
  const pid = Number(readFileSync(paths.pidFile, 'utf8'));
  return identify(pid) ? pid : undefined;
}

/** Shuts the node down: cleanly through systemd, or at once as in a power cut. */
export async function haltNode(context: NodeContext, how: 'poweroff' | 'power-cut'): Promise<void> {
  const paths = context.paths.node(context.node.name);
  const runc = ['runc', '--root', context.paths.runcRoot];
  const gone = () => (initPid(paths) === undefined ? true : undefined);
  if (how === 'poweroff') {
    await execInNode(context, ['systemctl', 'poweroff', '--no-block'], { allowFailure: true });
    await until(gone, { what: `${context.node.name} to power off`, timeoutMs: 15_000, everyMs: 50 }).catch(
      () => undefined, // A node that hangs at shutdown is killed below.
    );
  }
  await run([...runc, 'kill', '--all', paths.containerId, 'KILL'], { allowFailure: true });
  await until(gone, { what: `${context.node.name} to be off`, everyMs: 20 });
  await run([...runc, 'delete', '--force', paths.containerId], { allowFailure: true });
  await removeCgroup(paths.cgroup);
  await rm(paths.pidFile, { force: true });
}

/** Runs a program in the node, in all its namespaces, as root. */
export function execInNode(
  context: NodeContext,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { containerId } = context.paths.node(context.node.name);
  return run(['runc', '--root', context.paths.runcRoot, 'exec', containerId, ...argv], options);
}

/** Imports image archives into the node's containerd, in the namespace of the kubelet. */
export async function importImages(context: NodeContext, archives: readonly string[]): Promise<void> {
  await until(
    async () =>
      (await execInNode(context, ['ctr', 'version'], { allowFailure: true })).code === 0 || undefined,
    { what: `containerd on ${context.node.name}` },
  );
  for (const archive of archives) {
    // On stdin: the node has no access to the folders of the machine.
    await execInNode(context, ['ctr', '-n', 'k8s.io', 'images', 'import', '-'], { inputFile: archive });
  }
}
