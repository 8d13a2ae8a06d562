/** The one limit of the machine that rigs need more of: inotify instances, of which each node's programs take some fifty. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './rig-paths.ts';

/** It counts per user over all containers; the usual 128 is spent by the first rig, and the next one's kubelets die. */
const LIMIT = '/proc/sys/fs/inotify/max_user_instances';
const ENOUGH = 2048;

const savedValue = () => join(stateDir(), 'inotify-max-user-instances');

/** Raises the limit while rigs run; the value that was there is kept in a file for `restoreLimits`. */
export function raiseLimits(onProgress: (line: string) => void): void {
  const value = readFileSync(LIMIT, 'utf8').trim();
  if (Number(value) >= ENOUGH) return;
  writeFileSync(savedValue(), value);
  writeFileSync(LIMIT, String(ENOUGH));
  onProgress(`fs.inotify.max_user_instances raised from ${value} to ${ENOUGH} until the last rig is down`);
}

/** For the last rig on its way out. Somebody else's later change is left alone. */
export function restoreLimits(): void {
  let value: string;
  try {
    value = readFileSync(savedValue(), 'utf8');
  } catch {
    return; // It was high enough before us.
  }
  if (Number(readFileSync(LIMIT, 'utf8')) === ENOUGH) writeFileSync(LIMIT, value);
  rmSync(savedValue(), { force: true });
}
