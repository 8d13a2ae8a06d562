/** The one kernel limit that rigs need raised: inotify instances, of which the programs of a node use about fifty. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './rig-paths.ts';

/** Per user, over all containers: the usual 128 are used up by the first rig, and the kubelets of the next one crash. */
const LIMIT = '/proc/sys/fs/inotify/max_user_instances';
const ENOUGH = 2048;

const savedValue = () => join(stateDir(), 'inotify-max-user-instances');

/** Raises the limit while rigs run; keeps the previous value in a file for `restoreLimits`. */
export function raiseLimits(onProgress: (line: string) => void): void {
  const value = readFileSync(LIMIT, 'utf8').trim();
  if (Number(value) >= ENOUGH) return;
  writeFileSync(savedValue(), value);
  writeFileSync(LIMIT, String(ENOUGH));
  onProgress(`raised fs.inotify.max_user_instances from ${value} to ${ENOUGH} while rigs run`);
}

/** Called when the last rig is removed. Keeps a value that was changed by others since. */
export function restoreLimits(): void {
  let value: string;
  try {
    value = readFileSync(savedValue(), 'utf8');
  } catch {
    return; // It was never raised.
  }
  if (Number(readFileSync(LIMIT, 'utf8')) === ENOUGH) writeFileSync(LIMIT, value);
  rmSync(savedValue(), { force: true });
}
