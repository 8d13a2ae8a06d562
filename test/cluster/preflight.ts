/** Checks what a machine lacks for a rig, before anything is changed on it. */
import { accessSync, constants, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KubernetesVersion } from './build/kubernetes-versions.ts';
import type { Progress } from './progress.ts';
import { type RigPaths, stateDir } from './rig-paths.ts';
import { removeEmptyFolders } from './rig-state.ts';
import { forRig, run } from './run.ts';
import { hierarchies } from './teardown/cgroups.ts';
import { unmountBelow } from './teardown/mounts.ts';

/** Programs that the rig runs on the machine itself, with the Debian package of each. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  runc: 'runc',
  iptables: 'iptables',
  mmdebstrap: 'mmdebstrap',
  buildah: 'buildah',
  openssl: 'openssl',
  nsenter: 'util-linux',
  mount: 'mount',
  tar: 'tar',
};

/** For etcd and CoreDNS; a version of Kubernetes may need a newer one. */
const OLDEST_GO = '1.25';

/** Installs missing Debian packages; throws one error that lists everything else that is missing. */
export async function ensureMachine(
  paths: RigPaths,
  kubernetes: KubernetesVersion,
  onProgress: Progress,
): Promise<void> {
  const missing = [...missingForAll(), ...(await missingGo(kubernetes))];
  const packages = missingPackages(TOOLS);
  missing.push(...notInstallable(packages));
  if (missing.length === 0)
    missing.push(...(await forRig({ cgroup: paths.cgroup }, async () => missingKernelFeatures(paths))));
  if (missing.length > 0)
    throw new Error(`this machine cannot run a rig, it lacks:\n- ${missing.join('\n- ')}`);
  if (packages.length > 0) await install(packages, onProgress);
}

/** Installs single programs, given as `{ program: Debian package }`, for tests that need no rig. */
export async function ensurePrograms(
  programs: Readonly<Record<string, string>>,
  onProgress: Progress,
): Promise<void> {
  const packages = missingPackages(programs);
  const missing = notInstallable(packages);
  if (missing.length > 0) throw new Error(`this machine lacks ${missing.join(', ')}`);
  if (packages.length > 0) await install(packages, onProgress);
}

function missingForAll(): string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push(`Linux (this is ${process.platform})`);
  if (process.getuid?.() !== 0) missing.push('root (to create namespaces, mounts and cgroups)');
  if (process.platform === 'linux' && hierarchies().length === 0) missing.push('a mounted cgroup hierarchy');
  return missing;
}

async function missingGo({ minor, module, go }: KubernetesVersion): Promise<string[]> {
  const oldest = isNewEnough(`go${go}`, OLDEST_GO) ? go : OLDEST_GO;
  const wanted = `Go ${oldest} or newer in PATH, to build Kubernetes ${minor} (https://go.dev/dl)`;
  if (!inPath('go')) return [wanted];
  // In the module: unless GOTOOLCHAIN forbids it, Go downloads the toolchain that the module asks for.
  const cwd = join(import.meta.dirname, 'build', module);
  const version = (await run(['go', 'env', 'GOVERSION'], { cwd })).stdout.trim();
  return isNewEnough(version, oldest) ? [] : [`${wanted}; PATH has ${version}`];
}

/**
 * @param version such as `go1.26.8`; a development version counts as new enough
 * @param oldest such as `1.26.0`; its patch does not count
 */
export function isNewEnough(version: string, oldest: string): boolean {
  const match = /^go(\d+)\.(\d+)/.exec(version);
  if (!match) return true;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function missingPackages(tools: Readonly<Record<string, string>>): string[] {
  return Object.entries(tools)
    .filter(([tool]) => !inPath(tool))
    .map(([, debianPackage]) => debianPackage);
}

function notInstallable(packages: readonly string[]): string[] {
  if (packages.length === 0 || inPath('apt-get')) return [];
  return [`apt-get, to install these Debian packages: ${packages.join(', ')}`];
}

/** By trying: nothing lists what a container or a hardened kernel refuses. */
async function missingKernelFeatures(paths: RigPaths): Promise<string[]> {
  const missing: string[] = [];
  // In the rig's own folder, which `down` removes if the start is killed here.
  const dir = join(paths.dir, 'probe');
  await unmountBelow(dir);
  try {
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(dir, name), { recursive: true });
    const layers = `lowerdir=${dir}/lower,upperdir=${dir}/upper,workdir=${dir}/work`;
    const overlay = await run(['mount', '-t', 'overlay', 'overlay', '-o', layers, `${dir}/merged`], {
      allowFailure: true,
    });
    if (overlay.code !== 0)
      missing.push(`support for overlay file systems in ${stateDir()} (${overlay.stderr.trim()})`);
    await unmountBelow(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
    removeEmptyFolders(paths);
  }
  const namespaces = await run(
    ['unshare', '--net', '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', 'true'],
    { allowFailure: true },
  );
  if (namespaces.code !== 0) missing.push(`permission to create namespaces (${namespaces.stderr.trim()})`);
  if (!hasDevicesControl()) missing.push('cgroup version 2, or the devices controller of version 1');
  return missing;
}

function hasDevicesControl(): boolean {
  try {
    accessSync('/sys/fs/cgroup/cgroup.controllers', constants.R_OK);
    return true; // Version 2: devices are controlled by BPF programs.
  } catch {
    return /^devices\s+[1-9]/m.test(readFileSync('/proc/cgroups', 'utf8'));
  }
}

async function install(packages: readonly string[], onProgress: Progress): Promise<void> {
  onProgress(`installing Debian packages: ${packages.join(', ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run(['apt-get', 'update', '-q'], { env });
  await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...packages], { env });
}

function inPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
