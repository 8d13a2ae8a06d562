/** Takes a rig away, from whatever a finished or interrupted start left on disk and in the kernel. */
import { rmdirSync, rmSync } from 'node:fs';
import { addressPlan } from '../address-plan.ts';
import { FAMILY, type RigPaths } from '../rig-paths.ts';
import { releaseSlots, slotsOf } from '../rig-state.ts';
import { run } from '../run.ts';
import { hierarchies, removeCgroup } from './cgroups.ts';
import { mountsBelow, unmountBelow } from './mounts.ts';
import { killRigProcesses, rigNetns } from './rig-processes.ts';

/**
 * Idempotent. The order matters: processes hold mounts, namespaces and cgroups; the slot goes last, so that
 * no other rig takes the addresses while these still exist.
 */
export async function tearDown(paths: RigPaths): Promise<void> {
  await killRigProcesses(paths);
  await unmountBelow(paths.dir);
  for (const name of await hostLinks(paths)) {
    await run(['ip', 'link', 'delete', name], { allowFailure: true });
  }
  for (const name of rigNetns(paths)) await run(['ip', 'netns', 'delete', name]);
  await removeCgroup(paths.cgroup);
  removeEmptyFamily();
  const mounted = mountsBelow(paths.dir);
  // A recursive delete through a mount would empty what is mounted there.
  if (mounted.length > 0) throw new Error(`not deleting ${paths.dir}: ${mounted.join(', ')} is mounted`);
  rmSync(paths.dir, { recursive: true, force: true });
  releaseSlots(paths.name);
}

/** By the slot that was claimed, and by the alias in case the slot's file is gone. */
async function hostLinks(paths: RigPaths): Promise<string[]> {
  const listed = await run(['ip', '-j', 'link', 'show'], { allowFailure: true });
  if (listed.code !== 0) return [];
  const links = JSON.parse(listed.stdout) as { ifname: string; ifalias?: string }[];
  const bySlot = new Set(slotsOf(paths.name).map((slot) => addressPlan(slot).hostLink.interfaceName));
  const alias = `${FAMILY}.${paths.name}`;
  return links.filter((link) => link.ifalias === alias || bySlot.has(link.ifname)).map((link) => link.ifname);
}

/** The folder that all rigs share goes with the last of them. */
function removeEmptyFamily(): void {
  for (const mountPoint of hierarchies()) {
    try {
      rmdirSync(`${mountPoint}/${FAMILY}`);
    } catch {
      continue; // Another rig is in it, or it never was.
    }
  }
}
