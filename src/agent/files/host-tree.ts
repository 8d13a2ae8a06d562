/** The node's files as the Job mounts them below one directory. Reads only; writes go through `safe-directory.ts`. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { posix } from 'node:path';
import { errorText } from '../error-text.ts';
import { Refused } from '../refused.ts';

/**
 * All that the Job may mount. A path that ends elsewhere may exist on the node: what cannot be seen must not be taken
 * for missing.
 */
const VISIBLE_DIRECTORIES = ['/etc', '/var/lib/kubelet', '/run', '/usr', '/lib', '/opt'] as const;

/** The kernel's limit: more links than this are a loop. */
const MAX_LINKS = 40;
/** Ten times the largest kubelet configuration seen. */
const MAX_FILE_BYTES = 1 << 20;

/** The bytes of a file, and the stats that identify it. */
export interface SafeFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

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

  /** Resolves links against the node's root: an absolute link on the node must not lead into the container. */
  resolve(path: string): string {
    if (path.includes('\0'))
      throw new Refused('UnsafePath', `The string ${JSON.stringify(path)} is not a valid path.`);
    let links = 0;
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
      const target = this.#readLink(next);
      if (target === undefined) {
        resolved = next;
        continue;
      }
      if (++links > MAX_LINKS)
        throw new Refused('UnsafePath', `The path ${path} goes through too many symbolic links.`);
      if (target.startsWith('/')) resolved = '/';
      pending.push(...target.split('/').toReversed());
    }
    return resolved;
  }

  canSee(resolved: string): boolean {
    return VISIBLE_DIRECTORIES.some(
      (directory) => isWithin(resolved, directory) && this.#stat(directory)?.isDirectory() === true,
    );
  }

  /** Undefined where there is no such file. */
  read(path: string): string | undefined {
    const resolved = this.resolve(path);
    if (!this.canSee(resolved))
      throw new Refused(
        'UnsafePath',
        `The file ${describe(path, resolved)} is outside the directories that the agent may read.`,
      );
    const file = readRegularFile(this.inside(resolved), describe(path, resolved));
    return file && (this.#edits.get(resolved) ?? decode(file.bytes, path));
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
    return readdirSync(this.inside(resolved), { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = posix.join(directory, entry.name);
        return entry.isDirectory() ? this.walk(path) : [path];
      });
  }

  /** Undefined where it is missing or outside the visible directories. */
  stat(path: string): Stats | undefined {
    const resolved = this.resolve(path);
    return this.canSee(resolved) ? this.#stat(resolved) : undefined;
  }

  #stat(resolved: string): Stats | undefined {
    return lstatSync(this.inside(resolved), { throwIfNoEntry: false });
  }

  #readLink(path: string): string | undefined {
    return this.#stat(path)?.isSymbolicLink() === true ? readlinkSync(this.inside(path)) : undefined;
  }
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
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Refused('UnsafePath', `The file ${shown} cannot be opened: ${code ?? errorText(error)}.`, {
      cause: error,
    });
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Refused('UnsafePath', `The file ${shown} is not a regular file.`);
    if (stats.size > MAX_FILE_BYTES)
      throw new Refused('UnsafePath', `The file ${shown} is too large: ${stats.size} bytes.`);
    return { bytes: readFileSync(fd), stats };
  } finally {
    closeSync(fd);
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
