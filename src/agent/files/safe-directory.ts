/**
 * A directory of the node that the agent may write in, opened so that it cannot be swapped for another one.
 *
 * Each component is opened on its own without following links, checked, and used through /proc/self/fd, in place of
 * openat(), which Node does not have. If the directory is swapped later, this is still the one that was checked.
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
import { Refused } from '../../api/refused.ts';
import { errorText } from '../error-text.ts';
import { isWithin, readRegularFile, type SafeFile } from './host-tree.ts';
import { writeInPlace } from './write-in-place.ts';

/** The only directories ever written in, whatever the kubelet's command line says. */
const WRITABLE_DIRECTORIES = [...KUBELET_DIRECTORIES, STATE_DIRECTORY] as const;

const GROUP_OR_WORLD_WRITABLE = 0o022;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export class SafeDirectory {
  readonly path: string;
  readonly #fd: number;
  readonly #trustedUid: number;
  /** Not owned by root: files in it can be written in place, but not created. */
  readonly isForeign: boolean;

  private constructor(path: string, fd: number, trustedUid: number, isForeign = false) {
    this.path = path;
    this.#fd = fd;
    this.#trustedUid = trustedUid;
    this.isForeign = isForeign;
  }

  /** `trustedUid` is who may own the directories: root, except in tests. */
  static open(root: string, path: string, trustedUid: number): SafeDirectory {
    return SafeDirectory.#walk(root, path, trustedUid, false);
  }

  /**
   * The kubelet's configuration directory may have an owner other than root; its parents may not. That owner gains
   * nothing: whoever can replace the kubelet's configuration, or the static pods beside it, is as good as root.
   */
  static openOfKubelet(root: string, path: string, trustedUid: number): SafeDirectory {
    return SafeDirectory.#walk(root, path, trustedUid, true);
  }

  static #walk(root: string, path: string, trustedUid: number, lastMayBeForeign: boolean): SafeDirectory {
    if (!WRITABLE_DIRECTORIES.some((directory) => isWithin(path, directory)) || path.includes('/../'))
      throw new Refused(
        'UnsafePath',
        `The path ${path} is outside the directories that the agent may write to.`,
      );
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

  /** The subdirectory of that name, created if it is missing. */
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

  /** The path of a file in this directory for system calls; valid until `close`. */
  pathOf(name: string): string {
    return this.#at(name);
  }

  read(name: string): SafeFile | undefined {
    return readRegularFile(this.#at(name), `${this.path}/${name}`);
  }

  /**
   * Replaces the file that was read, atomically, keeping its owner and mode.
   *
   * Extended attributes are lost: Node can neither read nor write them, and native code or a helper program in the
   * image would be more to trust than they are worth. The SELinux label survives: a new file gets the one of its
   * directory, as policy gives a kubelet's configuration. An ACL or a `user.` attribute that was set manually is lost;
   * the agent cannot see it, so it cannot refuse either.
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
        throw new Refused(
          'PendingChanges',
          `The file ${this.path}/${name} was changed by someone else since it was read.`,
        );
    });
  }

  /** Overwrites the file that was read. Not atomic: see `write-in-place.ts` for why it may be necessary. */
  writeInPlace(name: string, bytes: Uint8Array, read: SafeFile): void {
    writeInPlace(this.#at(name), `${this.path}/${name}`, bytes, read, this.#trustedUid);
  }

  /** Writes a file of the agent's own, atomically. */
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
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EISDIR')
        throw new Refused(
          'UnsafePath',
          `The path ${this.path}/${name} is a directory, in the place of a file of the agent.`,
          { cause: error },
        );
      if (code !== 'ENOENT') throw error;
    }
  }

  #install(name: string, bytes: Uint8Array, like: Stats | undefined, lastCheck: () => void): void {
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
      lastCheck();
      renameSync(this.#at(temporary), this.#at(name));
    } catch (error) {
      this.#removeQuietly(temporary);
      throw error;
    }
    fsyncSync(this.#fd);
  }

  /** Keeps the first error, which is the one to report; the next run removes what stays here. */
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
        `The directory ${path} is owned by uid ${uid} instead of root: its owner could replace the file.`,
        {
          advice: `Run "chown root ${path}", or change resolvConf by hand.`,
        },
      );
    throw new Refused(
      'UnsafePath',
      `The directory ${path} is writable by group or others (mode ${(mode & 0o7777).toString(8)}).`,
      {
        advice: `Run "chmod go-w ${path}", or change resolvConf by hand.`,
      },
    );
  }

  #at(name: string): string {
    if (name === '' || name.includes('/') || name === '..') throw new Error(`not a file name: ${name}`);
    return `/proc/self/fd/${this.#fd}/${name}`;
  }
}

/**
 * A fixed name, so that a leftover of a killed run is found and removed; not ending in .conf, which a kubelet with a
 * drop-in directory would read.
 */
export const temporaryOf = (name: string): string => `.${name}.dnshealth-tmp`;

function openDirectory(path: string, shown: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Refused(
      'UnsafePath',
      `The path ${shown} cannot be opened as a directory: ${code ?? errorText(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/** Before the first byte is written, so that the content is never readable under looser permissions. */
function copyOwnership(fd: number, like: Stats): void {
  const now = fstatSync(fd);
  // Root without capabilities cannot change the owner; then this throws before anything is written.
  if (now.uid !== like.uid || now.gid !== like.gid) fchownSync(fd, like.uid, like.gid);
  fchmodSync(fd, like.mode & 0o7777);
}
