/** The node's files as the Job mounts them below one directory. Reads only; writes go through `safe-directory.ts`. */
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { posix } from 'node:path';
import { Refused } from '../../api/refused.ts';
import { errorText } from '../error-text.ts';

/**
 * All that the Job mounts to be read. A path that ends elsewhere may exist on the node: what cannot be seen must not be
 * taken for missing. /usr and /opt hold the kubelet's program and the units of packages; /run holds the resolv.conf
 * files of systemd-resolved, NetworkManager, resolvconf and dnsmasq.
 */
const VISIBLE_DIRECTORIES = ['/etc', '/var/lib/kubelet', '/run', '/usr', '/lib', '/opt'] as const;

/** Links of hosts with systemd that lie outside those directories, and where they lead. */
const WELL_KNOWN_LINKS: Readonly<Record<string, string>> = {
  '/var/run': '/run',
  '/bin': '/usr/bin',
  '/sbin': '/usr/sbin',
};

/** The kernel's limit: more links than this are a loop. */
const MAX_LINKS = 40;
/** Ten times the largest kubelet configuration seen. */
const MAX_FILE_BYTES = 1 << 20;

/** The bytes of a file, and the stats that identify it. */
export interface SafeFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/** What is at a path. `unseen`: outside the visible directories, so it may exist or not. */
export type Look =
  | {
      readonly kind: 'found';
      readonly stats: Stats;
      /** When the file, or a link on the way to it, was changed last. In milliseconds, by the node's clock. */
      readonly changedAtMs: number;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unseen' };

export class HostTree {
  readonly #root: string;
  /** Text that files would have, by their path with all links resolved. */
  readonly #edits: ReadonlyMap<string, string>;

  constructor(root: string, edits: ReadonlyMap<string, string> = new Map()) {
    this.#root = root;
    this.#edits = edits;
  }

  /** The same node with this text in that file. */
  with(path: string, text: string): HostTree {
    return new HostTree(this.#root, new Map([...this.#edits, [this.resolve(path), text]]));
  }

  /** Where a path of the node is in this process. */
  inside(path: string): string {
    return posix.join(this.#root, posix.normalize(`/${path}`));
  }

  /**
   * Resolves links against the node's root: an absolute link on the node must not lead into the container.
   * @throws Refused where the path has no end, or leads through a directory that the agent may not enter
   */
  resolve(path: string): string {
    return this.#follow(path).resolved;
  }

  #follow(path: string): { readonly resolved: string; readonly linksChangedAtMs: number } {
    if (path.includes('\0'))
      throw new Refused('UnsafePath', `The string ${JSON.stringify(path)} is not a valid path.`);
    let links = 0;
    let linksChangedAtMs = 0;
    const pending = path.split('/').toReversed();
    let resolved = '/';
    while (pending.length > 0) {
      const part = pending.pop();
      if (part === undefined || part === '' || part === '.') continue;
      if (part === '..') {
        resolved = posix.dirname(resolved);
        continue;
      }
      const next = posix.join(resolved, part);
      const link = this.#readLink(next);
      if (link === undefined) {
        resolved = next;
        continue;
      }
      if (++links > MAX_LINKS)
        throw new Refused('UnsafePath', `The path ${path} goes through too many symbolic links.`);
      linksChangedAtMs = Math.max(linksChangedAtMs, link.changedAtMs);
      if (link.target.startsWith('/')) resolved = '/';
      pending.push(...link.target.split('/').toReversed());
    }
    return { resolved, linksChangedAtMs };
  }

  canSee(resolved: string): boolean {
    return VISIBLE_DIRECTORIES.some(
      (directory) => isWithin(resolved, directory) && this.#stat(directory)?.isDirectory() === true,
    );
  }

  /** Undefined where there is no such file. @throws Refused also where it is not UTF-8 */
  read(path: string): string | undefined {
    const bytes = this.readBytes(path);
    return bytes && (this.#edits.get(this.resolve(path)) ?? decode(bytes, path));
  }

  /** Undefined where there is no such file. */
  readBytes(path: string): Buffer | undefined {
    const resolved = this.resolve(path);
    if (!this.canSee(resolved))
      throw new Refused(
        'UnsafePath',
        `The file ${describe(path, resolved)} is outside the directories that the agent may read.`,
      );
    return readRegularFile(this.inside(resolved), describe(path, resolved))?.bytes;
  }

  /** Undefined also where the file cannot be read. */
  readIfPossible(path: string): string | undefined {
    try {
      return this.read(path);
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** The files below a directory, in the order in which the kubelet walks it; like the kubelet, follows no links. */
  walk(directory: string): readonly string[] {
    const resolved = this.resolve(directory);
    if (resolved !== posix.normalize(directory).replace(/(?<=.)\/$/, ''))
      throw new Refused(
        'UnsafePath',
        `The directory ${describe(directory, resolved)} is behind a symbolic link.`,
      );
    if (this.stat(resolved)?.isDirectory() !== true)
      throw new Refused('UnsafePath', `The path ${directory} is not a directory that the agent may read.`);
    return this.#list(resolved)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = posix.join(directory, entry.name);
        return entry.isDirectory() ? this.walk(path) : [path];
      });
  }

  /**
   * What lies in a directory, links themselves and not what they lead to. Nothing where there is no such directory, or
   * none that can be seen.
   *
   * @throws Refused where it cannot be read
   */
  entries(directory: string): readonly { readonly path: string; readonly stats: Stats }[] {
    const resolved = this.resolve(directory);
    if (!this.canSee(resolved) || this.#stat(resolved)?.isDirectory() !== true) return [];
    return this.#list(resolved).flatMap(({ name }) => {
      const path = posix.join(resolved, name);
      const stats = this.#stat(path);
      // Removed since the directory was read.
      return stats ? [{ path, stats }] : [];
    });
  }

  /** The file or link at this path itself. Undefined where its directory cannot be seen. @throws Refused as `resolve` does */
  lstat(path: string): { readonly stats: Stats; readonly link: string | undefined } | undefined {
    const directory = this.resolve(posix.dirname(path));
    if (!this.canSee(directory)) return undefined;
    const own = posix.join(directory, posix.basename(path));
    const stats = this.#stat(own);
    return stats && { stats, link: this.#readLink(own)?.target };
  }

  /** @throws Refused as `resolve` does */
  look(path: string): Look {
    const { resolved, linksChangedAtMs } = this.#follow(path);
    if (!this.canSee(resolved)) return { kind: 'unseen' };
    const stats = this.#stat(resolved);
    if (stats === undefined) return { kind: 'missing' };
    return { kind: 'found', stats, changedAtMs: Math.max(stats.ctimeMs, linksChangedAtMs) };
  }

  /** Undefined where it is missing or outside the visible directories. */
  stat(path: string): Stats | undefined {
    const look = this.look(path);
    return look.kind === 'found' ? look.stats : undefined;
  }

  /** Undefined where no such name can exist: a file may lie where a directory is expected, and a name may be too long. */
  #stat(resolved: string): Stats | undefined {
    try {
      return lstatSync(this.inside(resolved), { throwIfNoEntry: false });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
      throw notReadable(resolved, error);
    }
  }

  #list(resolved: string): Dirent[] {
    try {
      return readdirSync(this.inside(resolved), { withFileTypes: true });
    } catch (error) {
      throw notReadable(resolved, error);
    }
  }

  #readLink(path: string): { readonly target: string; readonly changedAtMs: number } | undefined {
    const stats = this.#stat(path);
    if (stats === undefined) {
      const target = WELL_KNOWN_LINKS[path];
      return target === undefined ? undefined : { target, changedAtMs: 0 };
    }
    if (!stats.isSymbolicLink()) return undefined;
    try {
      return { target: readlinkSync(this.inside(path)), changedAtMs: stats.ctimeMs };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Removed, or replaced by something else, since it was looked up.
      if (code === 'ENOENT' || code === 'EINVAL' || code === 'ENOTDIR') return undefined;
      throw notReadable(path, error);
    }
  }
}

/** The owner of a directory can shut out even root, if root has no capabilities; and a disk can fail. */
function notReadable(path: string, error: unknown): Refused {
  const code = (error as NodeJS.ErrnoException).code ?? errorText(error);
  return new Refused('NotReadable', `The path ${path} of the node cannot be read: ${code}.`, {
    cause: error,
  });
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** Refuses a link, a FIFO or a device as the last component, without waiting for the FIFO's other end. */
export function readRegularFile(path: string, shown: string): SafeFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EIO') throw notReadable(shown, error);
    throw new Refused('UnsafePath', `The file ${shown} cannot be opened: ${code ?? errorText(error)}.`, {
      cause: error,
    });
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Refused('UnsafePath', `The file ${shown} is not a regular file.`);
    if (stats.size > MAX_FILE_BYTES)
      throw new Refused('UnsafePath', `The file ${shown} is too large: ${stats.size} bytes.`);
    return { bytes: readAll(fd, shown), stats };
  } finally {
    closeSync(fd);
  }
}

function readAll(fd: number, shown: string): Buffer {
  try {
    return readFileSync(fd);
  } catch (error) {
    throw notReadable(shown, error);
  }
}

/** Strict, and keeps a byte order mark, so that encoding the text again yields the same bytes. */
export function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new Refused('ConfigNotParseable', `The file ${path} is not UTF-8.`, { cause: error });
  }
}

function describe(path: string, resolved: string): string {
  return path === resolved ? path : `${path} (${resolved} on the node)`;
}
