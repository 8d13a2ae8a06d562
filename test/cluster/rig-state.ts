/** The record of a rig on disk, and the slots that keep the addresses of two rigs apart. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { IP_FAMILIES, SLOTS } from './address-plan.ts';
import { kubernetesVersions } from './build/kubernetes-versions.ts';
import { restoreLimits } from './machine-limits.ts';
import { type RigPaths, stateDir } from './rig-paths.ts';

const recordSchema = z.object({
  name: z.string(),
  slot: z.number().int(),
  /** `starting` until `up` has finished; found later, it means that the start was interrupted. */
  phase: z.enum(['starting', 'up']),
  nodeCount: z.number().int(),
  ipFamily: z.enum(IP_FAMILIES).default('ipv4'),
  /** Such as `v1.34.4`. A rig from before there was a choice has the oldest one. */
  kubernetes: z.string().default(() => kubernetesVersions()[0]?.patch ?? ''),
  artifacts: z.object({ bin: z.string(), nodeRoot: z.string(), images: z.string() }),
});

type RigRecord = Readonly<z.infer<typeof recordSchema>>;

export function readRecord(paths: RigPaths): RigRecord | undefined {
  let text: string;
  try {
    text = readFileSync(paths.record, 'utf8');
  } catch {
    return undefined;
  }
  return recordSchema.parse(JSON.parse(text));
}

export function writeRecord(paths: RigPaths, record: RigRecord): void {
  mkdirSync(dirname(paths.record), { recursive: true });
  writeFileSync(`${paths.record}.new`, JSON.stringify(record, undefined, 2));
  renameSync(`${paths.record}.new`, paths.record);
}

const slotsDir = () => join(stateDir(), 'slots');

/** Names of the rigs that have a folder. */
export function knownRigs(): string[] {
  try {
    return readdirSync(join(stateDir(), 'rigs'));
  } catch {
    return [];
  }
}

/** Claims the lowest slot that no rig has and that `isFree` accepts; a file is the claim. */
export function claimSlot(name: string, isFree: (slot: number) => boolean): number {
  mkdirSync(slotsDir(), { recursive: true });
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!isFree(slot)) continue;
    try {
      writeFileSync(join(slotsDir(), String(slot)), name, { flag: 'wx' });
      return slot;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process has removed the last rig, and the folder with it, between the two calls.
      if (code === 'ENOENT') return claimSlot(name, isFree);
      if (code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`no free slot for a rig: all ${SLOTS} networks are in use`);
}

/** The slots of one rig (several only after a crash), or of all rigs without a name. */
export function slotsOf(name?: string): number[] {
  try {
    return readdirSync(slotsDir())
      .filter((slot) => name === undefined || readFileSync(join(slotsDir(), slot), 'utf8') === name)
      .map(Number);
  } catch {
    return [];
  }
}

/** Frees the slots of the rig; with the last rig, also restores the machine's limits and removes the state folders. */
export function releaseSlots(name: string): void {
  for (const slot of slotsOf(name)) rmSync(join(slotsDir(), String(slot)), { force: true });
  if (slotsOf().length === 0) restoreLimits();
  removeIfEmpty(slotsDir(), join(stateDir(), 'rigs'), stateDir());
}

/** Removes what a failed preflight leaves: a rig that was not started has no folder. */
export function removeEmptyFolders(paths: RigPaths): void {
  removeIfEmpty(paths.dir, join(stateDir(), 'rigs'), stateDir());
}

/** Innermost first; stops at the first one that is not empty. */
function removeIfEmpty(...dirs: readonly string[]): void {
  for (const dir of dirs) {
    try {
      rmdirSync(dir);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTEMPTY') return; // Another rig is still there.
      if (code !== 'ENOENT') throw error;
    }
  }
}
