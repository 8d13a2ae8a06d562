/** Writes new bytes into the very file that was judged, for a directory in which root cannot put another one. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { Refused } from '../refused.ts';
import type { SafeFile } from './host-tree.ts';
import { firstDifference } from './torn.ts';

/** Ten times a kubelet configuration; the less there is to write, the less can be half-written. */
export const MAX_IN_PLACE_BYTES = 64 * 1024;

/**
 * Not by a new file and a rename, because the directory belongs to somebody else (kubespray's `kube_owner: kube`)
 * and root without CAP_DAC_OVERRIDE cannot make a file there; and not with that capability, because it would open
 * every file of the mounted directories. The price: this is not atomic. A kill in the middle leaves a mixture,
 * which `torn.ts` recognises and the next run takes back; a power cut in the middle may leave a node whose kubelet
 * cannot start to let that run begin, and then a person has to copy the backup. Therefore as little as possible
 * is written, in one call: from the first byte that differs, and no length that need not change.
 *
 * The owner of the directory may exchange the file at any time. What is written to is the file that was judged,
 * whatever its name has become: root's, with one name, and holding the bytes that were judged.
 */
export function writeInPlace(
  path: string,
  shown: string,
  bytes: Uint8Array,
  judged: SafeFile,
  owner: number,
): void {
  const fd = open(path, shown);
  try {
    const { ino, dev, uid, nlink, ...now } = fstatSync(fd);
    if (uid !== owner || nlink !== 1 || bytes.length > MAX_IN_PLACE_BYTES)
      throw new Refused('UnsafePath', `${shown} is not a small file of root's with one name`);
    if (ino !== judged.stats.ino || dev !== judged.stats.dev || now.ctimeMs !== judged.stats.ctimeMs)
      throw exchanged(shown);
    if (!readFileSync(fd).equals(judged.bytes)) throw exchanged(shown);

    let at = firstDifference(judged.bytes, bytes);
    while (at < bytes.length) at += writeSync(fd, bytes, at, bytes.length - at, at);
    if (bytes.length < judged.bytes.length) ftruncateSync(fd, bytes.length);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function open(path: string, shown: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ELOOP' || code === 'ENOENT' ? exchanged(shown) : error;
  }
}

const exchanged = (shown: string): Refused =>
  new Refused('PendingChanges', `${shown} was changed by somebody else meanwhile`);
