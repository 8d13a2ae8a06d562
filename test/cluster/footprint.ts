/** What rigs use on a machine, as lines of text. A line that is there after a `down` but was not there before was missed. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addressPlan } from './address-plan.ts';
import { identify } from './process-identity.ts';
import { cacheDir, FAMILY, stateDir } from './rig-paths.ts';
import { slotsOf } from './rig-state.ts';
import { run } from './run.ts';
import { cgroupFolders, hierarchies } from './teardown/cgroups.ts';
import { mounts } from './teardown/mounts.ts';

/** Cgroup folders that a container runtime could create outside of ours. */
const FOREIGN_CGROUPS = ['kubepods', 'system.slice', 'k8s.io', 'docker'];

/** Sorted lines, without those of the rigs in `ignore`, which may start and stop in the meantime. */
export async function footprint(ignore: readonly string[] = []): Promise<string[]> {
  const theirs = ignore.flatMap((name) => [
    `${FAMILY}/${name}/`,
    `${FAMILY}.${name}.`,
    `/rigs/${name}/`,
    ...slotsOf(name).flatMap((slot) => {
      const { interfaceName, networks } = addressPlan(slot, 0, 'dual');
      return [` dev ${interfaceName} `, ...networks.map(({ network }) => network)];
    }),
  ]);
  const lines = [
    ...processes(),
    ...mounts().map((mount) => `mount ${mount.type} ${mount.target}/`),
    ...(await lists(['ip', '-o', 'netns', 'list'], 'netns')),
    ...(await links()),
    ...(await lists(['ip', '-4', 'route', 'show', 'table', 'all'], 'route')),
    ...(await lists(['ip', '-6', 'route', 'show', 'table', 'all'], 'route')),
    ...[FAMILY, ...FOREIGN_CGROUPS].flatMap(cgroupFolders).map((dir) => `cgroup ${dir}/`),
    ...hierarchies().map((dir) => `hierarchy ${dir}`),
    ...entries(join(stateDir(), 'rigs')),
    ...slotsOf().map((slot) => `slot ${addressPlan(slot).primary.network}`),
    ...entries(cacheDir()).filter((line) => line.includes('tmp.') || line.includes('.lock')),
    // Shared by all rigs, and removed with the last one.
    ...(ignore.length > 0 ? [] : entries(stateDir())),
  ];
  const shared = (line: string) => ignore.length > 0 && line.endsWith(`/${FAMILY}/`);
  return lines.filter((line) => !shared(line) && !theirs.some((part) => line.includes(part))).toSorted();
}

/** Processes in a cgroup of ours or in a network namespace other than the machine's: every program of a rig is in one. */
function processes(): string[] {
  const machineNetwork = readlinkSync('/proc/self/ns/net');
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const name = readFileSync(join('/proc', pid, 'comm'), 'utf8').trim();
        const cgroups = readFileSync(join('/proc', pid, 'cgroup'), 'utf8').replaceAll('\n', ' ');
        // Zombies are left to PID 1.
        if (!identify(Number(pid))) return [];
        const network = readlinkSync(join('/proc', pid, 'ns/net'));
        if (network === machineNetwork && !cgroups.includes(`/${FAMILY}/`)) return [];
        return [`process ${pid} ${name} ${network} ${cgroups}`];
      } catch {
        return []; // It has exited since it was listed.
      }
    });
}

async function lists(argv: readonly string[], kind: string): Promise<string[]> {
  const { stdout } = await run(argv, { allowFailure: true });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `${kind} ${line.trim()} `);
}

async function links(): Promise<string[]> {
  const { stdout } = await run(['ip', '-j', 'link', 'show']);
  return (JSON.parse(stdout) as { ifname: string; ifalias?: string }[]).map(
    (link) => `link ${link.ifname} ${link.ifalias ?? ''}.`,
  );
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).map((entry) => `entry ${join(dir, entry.name)}/`);
  } catch {
    return [];
  }
}
