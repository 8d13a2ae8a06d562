/** Removes a rig: whatever a finished or interrupted start has left on disk and in the kernel. */
import { rmdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressPlan } from '../address-plan.ts';
import { FAMILY, type RigPaths } from '../rig-paths.ts';
import { releaseSlots, slotsOf } from '../rig-state.ts';
import { run } from '../run.ts';
import { hierarchies, removeCgroup } from './cgroups.ts';
import { mountsBelow, unmountBelow } from './mounts.ts';
import { killRigProcesses, rigNetns, rigProcesses } from './rig-processes.ts';

/** More than a fork takes to become a program, on a busy machine. */
const FORK_MS = 100;

/**
 * Idempotent. The order matters: processes hold mounts, namespaces and cgroups; the slot is freed last, so that no
 * other rig gets the addresses while they are still in use.
 */
export async function tearDown(paths: RigPaths): Promise<void> {
  await stopAndUnmount(paths);
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

/**
 * Again until a later look finds nothing. Of a start that was killed a moment ago, a program may begin only now: as a fork
 * that has not become the program yet, nothing tells that it is the rig's.
 */
async function stopAndUnmount(paths: RigPaths): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    await killRigProcesses(paths);
    await unmountBelow(paths.dir);
    await sleep(FORK_MS);
    if (rigProcesses(paths).length === 0 && mountsBelow(paths.dir).length === 0) return;
  }
  throw new Error(`processes of ${paths.name} keep starting: ${rigProcesses(paths).join(', ')}`);
}

/** Found by the slot of the rig, and by alias in case the file of the slot is missing. */
async function hostLinks(paths: RigPaths): Promise<string[]> {
  const listed = await run(['ip', '-j', 'link', 'show'], { allowFailure: true });
  if (listed.code !== 0) return [];
  const links = JSON.parse(listed.stdout) as { ifname: string; ifalias?: string }[];
  const bySlot = new Set(slotsOf(paths.name).map((slot) => addressPlan(slot).interfaceName));
  const alias = `${FAMILY}.${paths.name}`;
  return links.filter((link) => link.ifalias === alias || bySlot.has(link.ifname)).map((link) => link.ifname);
}

/** Removes the cgroup folder that all rigs share, if this was the last one. */
function removeEmptyFamily(): void {
  for (const mountPoint of hierarchies()) {
    try {
      rmdirSync(`${mountPoint}/${FAMILY}`);
    } catch {
      continue; // Another rig is in it, or it does not exist.
    }
  }
}
