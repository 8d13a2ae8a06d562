/** The cache of built things: each folder is named after the hash of what went into it and appears only when complete. */
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
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import { cacheDir } from '../rig-paths.ts';

export type Progress = (line: string) => void;

export interface Artifact {
  /** Word for people and first part of the folder's name, such as `node-root`. */
  readonly kind: string;
  /** Everything that decides what comes out. */
  readonly inputs: readonly (string | Uint8Array)[];
  /**
   * Fills the folder. It runs again from an empty one if it was interrupted; what a program needs as TMPDIR belongs
   * in here as well, so that a killed one leaves nothing elsewhere.
   */
  readonly build: (dir: string) => Promise<void>;
  /** Older ones of the kind beyond this number are deleted after a build. @default all are kept */
  readonly keep?: number;
}

export function contentHash(inputs: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // The length goes in as well, so that moving a byte from one input to the next changes the hash.
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest('hex').slice(0, 16);
}

/** Gives the folder of the artifact, built now if it is missing. Safe to call from several processes at once. */
export async function cached(artifact: Artifact, onProgress: Progress): Promise<string> {
  const hash = contentHash(artifact.inputs);
  const dir = join(cacheDir(), `${artifact.kind}-${hash}`);
  if (isComplete(dir)) return dir;
  mkdirSync(cacheDir(), { recursive: true });
  const unlock = await lock(`${dir}.lock`, () => onProgress(`${artifact.kind}: waiting for another build`));
  try {
    if (isComplete(dir)) return dir;
    const temporary = join(cacheDir(), `tmp.${artifact.kind}-${hash}`);
    rmSync(temporary, { recursive: true, force: true });
    sweep();
    mkdirSync(temporary);
    const begin = performance.now();
    const seconds = () => `${((performance.now() - begin) / 1000).toFixed(0)} s`;
    onProgress(`${artifact.kind}: building`);
    const heartbeat = setInterval(() => onProgress(`${artifact.kind}: still building, ${seconds()}`), 20_000);
    try {
      await artifact.build(temporary);
    } finally {
      clearInterval(heartbeat);
    }
    renameSync(temporary, dir);
    onProgress(`${artifact.kind}: built in ${seconds()}`);
    if (artifact.keep !== undefined) prune(artifact.kind, artifact.keep);
    return dir;
  } finally {
    unlock();
  }
}

function isComplete(dir: string): boolean {
  if (!existsSync(dir)) return false;
  // Used just now: what prune() goes by.
  utimesSync(dir, new Date(), new Date());
  return true;
}

/** The lock names its owner, so that the lock of a killed process is recognised and taken over. */
async function lock(file: string, onWait: () => void): Promise<() => void> {
  const me = JSON.stringify(identify(process.pid));
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, me, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!ownerLives(file)) rmSync(file, { force: true });
    else if (attempt % 100 === 0) onWait();
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

/** Removes what builds that were killed left half-done. */
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
