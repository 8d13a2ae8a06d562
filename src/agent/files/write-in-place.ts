/** Overwrites the file that was judged, for a directory in which root cannot create another one. */
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
import { Refused } from '../../api/refused.ts';
import type { SafeFile } from './host-tree.ts';
import { firstDifference } from './torn.ts';

/** Ten times a kubelet configuration; less to write means less that can be half-written. */
export const MAX_IN_PLACE_BYTES = 64 * 1024;

/**
 * Not by a new file and a rename, because the directory is not owned by root (kubespray's `kube_owner: kube`), and root
 * without CAP_DAC_OVERRIDE cannot create a file there; not with that capability either, because it would open every
 * file of the mounted directories. The price: this is not atomic. A kill in the middle leaves a mixture, which
 * `torn.ts` recognises and the next run restores. A power cut in the middle may leave a node whose kubelet cannot start
 * and so cannot run the agent; then an administrator has to copy the backup. Therefore as little as possible is
 * written, in one call: from the first byte that differs, and the length only if it changes.
 *
 * The owner of the directory may replace the file at any time. The write goes to the file that was judged, whatever its
 * name is now: owned by root, with one hard link, and holding the bytes that were judged.
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
      throw new Refused(
        'UnsafePath',
        `The file ${shown} is not a small file owned by root with one hard link.`,
      );
    if (ino !== judged.stats.ino || dev !== judged.stats.dev || now.ctimeMs !== judged.stats.ctimeMs)
      throw replaced(shown);
    if (!readFileSync(fd).equals(judged.bytes)) throw replaced(shown);

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
    throw code === 'ELOOP' || code === 'ENOENT' ? replaced(shown) : error;
  }
}

const replaced = (shown: string): Refused =>
  new Refused('PendingChanges', `The file ${shown} was changed by someone else since it was read.`);
