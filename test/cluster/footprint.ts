/** What rigs leave on a machine, as lines of text: taken before and after, the difference is what a `down` forgot. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { addressPlan } from './address-plan.ts';
import { identify } from './process-identity.ts';
import { cacheDir, FAMILY, stateDir } from './rig-paths.ts';
import { slotsOf } from './rig-state.ts';
import { run } from './run.ts';
import { cgroupFolders, hierarchies } from './teardown/cgroups.ts';
import { mounts } from './teardown/mounts.ts';

/** Cgroup folders that a container runtime could make beside the ones asked for. */
const FOREIGN_CGROUPS = ['kubepods', 'system.slice', 'k8s.io', 'docker'];

/** Sorted lines; what belongs to the rigs named in `ignore` is left out, so that others may come and go meanwhile. */
export async function footprint(ignore: readonly string[] = []): Promise<string[]> {
  const theirs = ignore.flatMap((name) => [
    `${FAMILY}/${name}/`,
    `${FAMILY}.${name}.`,
    `/rigs/${name}/`,
    ...slotsOf(name).flatMap((slot) => {
      const { network, hostLink } = addressPlan(slot);
      return [` dev ${hostLink.interfaceName} `, network];
    }),
  ]);
  const lines = [
    ...processes(),
    ...mounts().map((mount) => `mount ${mount.type} ${mount.target}/`),
    ...(await lists(['ip', '-o', 'netns', 'list'], 'netns')),
    ...(await links()),
    ...(await lists(['ip', '-4', 'route', 'show', 'table', 'all'], 'route')),
    ...[FAMILY, ...FOREIGN_CGROUPS].flatMap(cgroupFolders).map((dir) => `cgroup ${dir}/`),
    ...hierarchies().map((dir) => `hierarchy ${dir}`),
    ...entries(join(stateDir(), 'rigs')),
    ...slotsOf().map((slot) => `slot ${addressPlan(slot).network}`),
    ...entries(cacheDir()).filter((line) => line.includes('tmp.') || line.includes('.lock')),
    // What all rigs share goes with the last of them.
    ...(ignore.length > 0 ? [] : entries(stateDir())),
  ];
  const shared = (line: string) => ignore.length > 0 && line.endsWith(`/${FAMILY}/`);
  return lines.filter((line) => !shared(line) && !theirs.some((part) => line.includes(part))).toSorted();
}

/** Those in a cgroup of ours or in a network that is not the machine's; no program of a rig is in neither. */
function processes(): string[] {
  const machineNetwork = readlinkSync('/proc/self/ns/net');
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const name = readFileSync(join('/proc', pid, 'comm'), 'utf8').trim();
        const cgroups = readFileSync(join('/proc', pid, 'cgroup'), 'utf8').replaceAll('\n', ' ');
        // The unreaped remains of a process are PID 1's to collect.
        if (!identify(Number(pid))) return [];
        const network = readlinkSync(join('/proc', pid, 'ns/net'));
        if (network === machineNetwork && !cgroups.includes(`/${FAMILY}/`)) return [];
        return [`process ${pid} ${name} ${network} ${cgroups}`];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

async function lists(argv: readonly string[], word: string): Promise<string[]> {
  const { stdout } = await run(argv, { allowFailure: true });
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `${word} ${line.trim()} `);
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
