/** What a rig writes down about itself, and the slots that keep two rigs' addresses apart. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { SLOTS } from './address-plan.ts';
import { restoreLimits } from './machine-limits.ts';
import { type RigPaths, stateDir } from './rig-paths.ts';

const recordSchema = z.object({
  name: z.string(),
  slot: z.number().int(),
  /** `starting` until `up` is through: a rig found so was interrupted. */
  phase: z.enum(['starting', 'up']),
  createdAt: z.string(),
  nodeCount: z.number().int(),
  artifacts: z.object({ bin: z.string(), nodeRoot: z.string(), images: z.string() }),
});

export type RigRecord = Readonly<z.infer<typeof recordSchema>>;

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

/** Takes the lowest slot that is neither taken by a rig nor refused by `isFree`; the file is the claim. */
export function claimSlot(name: string, isFree: (slot: number) => boolean): number {
  mkdirSync(slotsDir(), { recursive: true });
  for (let slot = 0; slot < SLOTS; slot++) {
    if (!isFree(slot)) continue;
    try {
      writeFileSync(join(slotsDir(), String(slot)), name, { flag: 'wx' });
      return slot;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The last rig's end may have removed the folder between the two calls.
      if (code === 'ENOENT') return claimSlot(name, isFree);
      if (code !== 'EEXIST') throw error;
    }
  }
  throw new Error(`all ${SLOTS} slots are taken: ${slotsOf().join(', ')}`);
}

/** The slots of one rig (more than one only after a crash), or with no name those of all. */
export function slotsOf(name?: string): number[] {
  try {
    return readdirSync(slotsDir())
      .filter((slot) => name === undefined || readFileSync(join(slotsDir(), slot), 'utf8') === name)
      .map(Number);
  } catch {
    return [];
  }
}

/** Gives the slots back; the last rig also gives back what was changed for all, and removes the state folders. */
export function releaseSlots(name: string): void {
  for (const slot of slotsOf(name)) rmSync(join(slotsDir(), String(slot)), { force: true });
  if (slotsOf().length === 0) restoreLimits();
  removeIfEmpty(slotsDir(), join(stateDir(), 'rigs'), stateDir());
}

/** For a look at the machine that came to nothing: a rig that never was has no folder. */
export function removeEmptyFolders(paths: RigPaths): void {
  removeIfEmpty(paths.dir, join(stateDir(), 'rigs'), stateDir());
}

/** From the inside out; the first that is not empty ends it. */
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
