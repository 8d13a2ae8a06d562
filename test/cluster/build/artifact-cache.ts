/** The cache of build results: each folder is named after the hash of its inputs and appears only when complete. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { cacheDir } from '../rig-paths.ts';

export interface Artifact {
  /** Name in messages and first part of the folder's name, such as `node-root`. */
  readonly kind: string;
  /** Everything that decides the result. */
  readonly inputs: readonly (string | Uint8Array)[];
  /**
   * Fills the folder; after an interruption it starts over with an empty one. Programs must have their TMPDIR in here
   * as well, so that a killed build leaves nothing elsewhere.
   */
  readonly build: (dir: string) => Promise<void>;
  /** How many of the kind to keep after a build, the most recently used ones. @default all */
  readonly keep?: number;
}

export function contentHash(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // With the length, so that moving a byte from one input to the next changes the hash.
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest('hex').slice(0, 16);
}

/** `waiting`: another process builds the same artifact. */
export type BuildState = 'waiting' | 'building';

/** The folder of the artifact, which exists only when it is complete. */
export const artifactDir = ({ kind, inputs }: Artifact): string =>
  join(cacheDir(), `${kind}-${contentHash(inputs)}`);

export const isBuilt = (artifact: Artifact): boolean => existsSync(artifactDir(artifact));

/** Returns the folder of the artifact, built now if it is missing. Safe to call from several processes at once. */
export async function cached(artifact: Artifact, onState: (state: BuildState) => void): Promise<string> {
  const dir = artifactDir(artifact);
  if (isComplete(dir)) return dir;
  mkdirSync(cacheDir(), { recursive: true });
  const unlock = await lock(`${dir}.lock`, () => onState('waiting'));
  try {
    if (isComplete(dir)) return dir;
    const temporary = join(cacheDir(), `tmp.${basename(dir)}`);
    rmSync(temporary, { recursive: true, force: true });
    sweep();
    mkdirSync(temporary);
    onState('building');
    await artifact.build(temporary);
    renameSync(temporary, dir);
    if (artifact.keep !== undefined) prune(artifact.kind, artifact.keep);
    return dir;
  } finally {
    unlock();
  }
}

function isComplete(dir: string): boolean {
  if (!existsSync(dir)) return false;
  // The time of the last use, by which prune() chooses.
  utimesSync(dir, new Date(), new Date());
  return true;
}

/** The lock names its owner, so that the lock of a killed process can be recognised and taken over. */
async function lock(file: string, onWait: () => void): Promise<() => void> {
  const me = JSON.stringify(identify(process.pid));
  for (let waits = false; ; waits = true) {
    try {
      writeFileSync(file, me, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(file)) rmSync(file, { force: true });
    else if (!waits) onWait();
    await sleep(100);
  }
}

function ownerLives(file: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity);
  } catch {
    return false;
  }
}

/** Removes what killed builds left half-done. */
function sweep(): void {
  for (const name of readdirSync(cacheDir())) {
    const artifact = /^tmp\.(.+)$/.exec(name)?.[1];
    if (artifact === undefined || ownerLives(join(cacheDir(), `${artifact}.lock`))) continue;
    rmSync(join(cacheDir(), name), { recursive: true, force: true });
    rmSync(join(cacheDir(), `${artifact}.lock`), { force: true });
  }
}

function prune(kind: string, keep: number): void {
  const pattern = new RegExp(`^${kind}-[0-9a-f]{16}$`);
  const found = readdirSync(cacheDir())
    .filter((name) => pattern.test(name))
    .map((name) => join(cacheDir(), name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const dir of found.slice(keep)) rmSync(dir, { recursive: true, force: true });
}
