/** The cgroup folders of a rig in all hierarchies (version 1, hybrid or 2), and the processes in them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mounts } from './mounts.ts';

/** Mount points of all cgroup hierarchies. */
export function hierarchies(): string[] {
  return mounts()
    .filter((mount) => mount.type === 'cgroup' || mount.type === 'cgroup2')
    .map((mount) => mount.target);
}

/**
 * The folder for the rig's programs outside the nodes, created if missing. One hierarchy is enough to find them
 * again; version 2 is preferred because it needs no setup of controllers.
 */
export function hostCgroup(cgroup: string): string {
  const all = mounts().filter((mount) => mount.type === 'cgroup' || mount.type === 'cgroup2');
  const best = all.find((mount) => mount.type === 'cgroup2') ?? all[0];
  if (!best) throw new Error('no cgroup hierarchy is mounted');
  const dir = join(best.target, cgroup, 'host');
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** The folder and all below it, deepest first. */
function tree(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const found: string[] = [];
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) found.push(...tree(join(dir, entry.name)));
  }
  return [...found, dir];
}

/** All cgroup folders of this name and below, in all hierarchies, deepest first. */
export function cgroupFolders(cgroup: string): string[] {
  return hierarchies().flatMap((mountPoint) => tree(join(mountPoint, cgroup)));
}

export function processesInCgroup(cgroup: string): number[] {
  const pids = new Set<number>();
  for (const dir of cgroupFolders(cgroup)) {
    let text = '';
    try {
      text = readFileSync(join(dir, 'cgroup.procs'), 'utf8');
    } catch {
      continue; // Removed since it was listed.
    }
    for (const line of text.split('\n')) if (line !== '') pids.add(Number(line));
  }
  // 0 is a process in a pid namespace that is not visible from here.
  pids.delete(0);
  return [...pids];
}

/** Removes the folders; retries because a killed process can hold its cgroup for a moment. */
export async function removeCgroup(cgroup: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const left = cgroupFolders(cgroup).filter((dir) => {
      try {
        rmdirSync(dir);
        return false;
      } catch {
        return existsSync(dir);
      }
    });
    if (left.length === 0) return;
    await sleep(100);
  }
  throw new Error(`cannot remove cgroup folders: ${cgroupFolders(cgroup).join(', ')}`);
}
