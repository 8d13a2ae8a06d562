/** All processes of a rig, found through the kernel: by their cgroup, network namespace or environment. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity, signalProcess } from '../process-identity.ts';
import type { RigPaths } from '../rig-paths.ts';
import { isStartedFor } from '../run.ts';
import { processesInCgroup } from './cgroups.ts';

const NETNS_DIR = '/run/netns';

/** Names of the rig's network namespaces. */
export function rigNetns(paths: RigPaths): string[] {
  try {
    return readdirSync(NETNS_DIR).filter((name) => name.startsWith(paths.netnsPrefix));
  } catch {
    return []; // The folder does not exist before the first named namespace of a machine.
  }
}

/** Those in the rig's cgroup, in its network namespaces, or on their way there. */
export function rigProcesses(paths: RigPaths): number[] {
  const pids = new Set(processesInCgroup(paths.cgroup));
  const namespaces = new Set(rigNetns(paths).map((name) => `net:[${statSync(`${NETNS_DIR}/${name}`).ino}]`));
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const isOurs =
        namespaces.has(readlinkSync(`/proc/${pid}/ns/net`)) ||
        isStartedFor(paths.cgroup, readFileSync(`/proc/${pid}/environ`, 'utf8'));
      if (isOurs) pids.add(Number(pid));
    } catch {
      continue; // It has exited since it was listed.
    }
  }
  pids.delete(process.pid);
  return [...pids].filter((pid) => identify(pid) !== undefined);
}

/**
 * Kills until none is left; with PID 1 of a node, the kernel kills its whole pid namespace. A dying process leaves
 * its cgroup and namespaces before it is gone, so each one found is remembered and waited for.
 */
export async function killRigProcesses(paths: RigPaths): Promise<void> {
  const killed = new Map<number, ProcessIdentity>();
  for (let attempt = 0; attempt < 400; attempt++) {
    for (const pid of rigProcesses(paths)) {
      const identity = identify(pid);
      if (identity) killed.set(pid, identity);
    }
    const left = [...killed.values()].filter(isAlive);
    if (left.length === 0) return;
    for (const identity of left) signalProcess(identity, 'SIGKILL');
    await sleep(25);
  }
  const left = [...killed.values()].filter(isAlive).map((identity) => identity.pid);
  throw new Error(`cannot kill processes ${left.join(', ')}`);
}
