/**
 * A directory of the node that the agent may write in, opened so that nobody can put another one in its place.
 *
 * Each component is opened on its own without following links, checked, and used through /proc/self/fd: what
 * openat() would do, which Node does not have. A directory that is swapped later is still the one checked here.
 */
import {
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { KUBELET_DIRECTORIES, STATE_DIRECTORY } from '../../api/agent-protocol.ts';
import { Refused } from '../refused.ts';
import { isWithin, readRegularFile, type SafeFile } from './host-tree.ts';
import { writeInPlace } from './write-in-place.ts';

/** Nothing outside of these is ever written, whatever the kubelet's command line says. */
const WRITABLE_DIRECTORIES = [...KUBELET_DIRECTORIES, STATE_DIRECTORY] as const;

const GROUP_OR_WORLD_WRITABLE = 0o022;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export class SafeDirectory {
  readonly path: string;
  readonly #fd: number;
  readonly #trustedUid: number;
  /** It belongs to somebody else than root: files can be written in place there, but not made. */
  readonly isForeign: boolean;

  private constructor(path: string, fd: number, trustedUid: number, isForeign = false) {
    this.path = path;
    this.#fd = fd;
    this.#trustedUid = trustedUid;
    this.isForeign = isForeign;
  }

  /** `trustedUid` is 0 except in tests: who may own the directories. */
  static open(root: string, path: string, trustedUid: number): SafeDirectory {
    return SafeDirectory.#walk(root, path, trustedUid, false);
  }

  /**
   * The kubelet's configuration directory may belong to somebody else than root; what is above it may not. This
   * trusts that owner with nothing new: who can exchange the kubelet's configuration, or the static pods beside
   * it, is as good as root on the node.
   */
  static openOfKubelet(root: string, path: string, trustedUid: number): SafeDirectory {
    return SafeDirectory.#walk(root, path, trustedUid, true);
  }

  static #walk(root: string, path: string, trustedUid: number, lastMayBeForeign: boolean): SafeDirectory {
    if (!WRITABLE_DIRECTORIES.some((directory) => isWithin(path, directory)) || path.includes('/../'))
      throw new Refused('UnsafePath', `${path} is not among the directories that the agent may write in`);
    let open = new SafeDirectory('', openDirectory(root, root), trustedUid);
    const parts = path.split('/').filter((part) => part !== '');
    for (const [depth, part] of parts.entries()) {
      const parent = open;
      try {
        open = parent.#descend(part, lastMayBeForeign && depth === parts.length - 1);
      } finally {
        parent.close();
      }
    }
    return open;
  }

  /** The directory below this one, made if it is not there. */
  child(name: string): SafeDirectory {
    try {
      mkdirSync(this.#at(name), { mode: 0o700 });
      fsyncSync(this.#fd);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return this.#descend(name);
  }

  existing(name: string): SafeDirectory | undefined {
    return lstatSync(this.#at(name), { throwIfNoEntry: false }) && this.#descend(name);
  }

  list(): readonly Dirent[] {
    return readdirSync(`/proc/self/fd/${this.#fd}`, { withFileTypes: true });
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Where a file of this directory is for system calls that take a path; valid until `close`. */
  pathOf(name: string): string {
    return this.#at(name);
  }

  read(name: string): SafeFile | undefined {
    return readRegularFile(this.#at(name), `${this.path}/${name}`);
  }

  /**
   * Puts new bytes in place of the file that was read, whole or not at all, with its owner and mode.
   *
   * Without its extended attributes: Node can neither read nor write them, and native code or a helper program in
   * the image would be more to trust than what it keeps. The SELinux label is not lost by that: a new file gets the
   * one of its directory, which is what policy gives a kubelet's configuration as well. An ACL or a `user.`
   * attribute that somebody had put on this file by hand is; it cannot even be seen, so it cannot be refused either.
   */
  replace(name: string, bytes: Uint8Array, read: Stats): void {
    this.#install(name, bytes, read, () => {
      const now = lstatSync(this.#at(name));
      if (
        now.ino !== read.ino ||
        now.dev !== read.dev ||
        now.ctimeMs !== read.ctimeMs ||
        now.size !== read.size
      )
        throw new Refused('PendingChanges', `${this.path}/${name} was changed by somebody else meanwhile`);
    });
  }

  /** Puts new bytes into the file that was read, which a kill can tear: see there why it may be necessary. */
  writeInPlace(name: string, bytes: Uint8Array, read: SafeFile): void {
    writeInPlace(this.#at(name), `${this.path}/${name}`, bytes, read, this.#trustedUid);
  }

  /** Writes a file of our own, whole or not at all. */
  write(name: string, bytes: Uint8Array): void {
    this.#install(name, bytes, undefined, () => undefined);
  }

  rename(name: string, into: SafeDirectory, newName: string): void {
    renameSync(this.#at(name), into.#at(newName));
    fsyncSync(into.#fd);
    fsyncSync(this.#fd);
  }

  remove(name: string): void {
    try {
      unlinkSync(this.#at(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #install(name: string, bytes: Uint8Array, like: Stats | undefined, lastLook: () => void): void {
    const temporary = temporaryOf(name);
    this.remove(temporary);
    try {
      const fd = openSync(this.#at(temporary), NEW_FILE, 0o600);
      try {
        if (like !== undefined) copyOwnership(fd, like);
        let written = 0;
        while (written < bytes.length) written += writeSync(fd, bytes, written);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      lastLook();
      renameSync(this.#at(temporary), this.#at(name));
    } catch (error) {
      this.#removeQuietly(temporary);
      throw error;
    }
    fsyncSync(this.#fd);
  }

  /** The first error is the one to report; what stays here is removed by the next run. */
  #removeQuietly(name: string): void {
    try {
      this.remove(name);
    } catch {
      return;
    }
  }

  #descend(part: string, mayBeForeign = false): SafeDirectory {
    const path = `${this.path}/${part}`;
    const fd = openDirectory(this.#at(part), path);
    const { uid, mode } = fstatSync(fd);
    const isForeign = uid !== this.#trustedUid;
    if ((!isForeign || mayBeForeign) && (mode & GROUP_OR_WORLD_WRITABLE) === 0)
      return new SafeDirectory(path, fd, this.#trustedUid, isForeign);
    closeSync(fd);
    if (isForeign && !mayBeForeign)
      throw new Refused(
        'UnsafePath',
        `${path} belongs to uid ${uid}, not to root: whoever that is could exchange the file`,
        {
          advice: `Give the directory to root (chown root ${path}), or change resolvConf by hand.`,
        },
      );
    throw new Refused(
      'UnsafePath',
      `${path} may be written by others than root (mode ${(mode & 0o7777).toString(8)})`,
      {
        advice: `Take the write permission from group and others (chmod go-w ${path}), or change resolvConf by hand.`,
      },
    );
  }

  #at(name: string): string {
    if (name === '' || name.includes('/') || name === '..') throw new Error(`not a file name: ${name}`);
    return `/proc/self/fd/${this.#fd}/${name}`;
  }
}

/**
 * A fixed name, so that what a killed run left is found and removed; not ending in .conf, which a kubelet with a
 * drop-in directory would read.
 */
export const temporaryOf = (name: string): string => `.${name}.dnshealth-tmp`;

function openDirectory(path: string, shown: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refused('UnsafePath', `${shown} cannot be opened as a directory: ${code ?? String(error)}`, {
      cause: error,
    });
  }
}

/** Before the first byte, so that nobody reads the content under looser permissions. */
function copyOwnership(fd: number, like: Stats): void {
  const now = fstatSync(fd);
  // Without capabilities root cannot give a file away; then this throws and nothing has happened.
  if (now.uid !== like.uid || now.gid !== like.gid) fchownSync(fd, like.uid, like.gid);
  fchmodSync(fd, like.mode & 0o7777);
}
