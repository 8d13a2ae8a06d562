/** Reads one saved file with bounded memory and time: anything but a text file of a sensible size is one clear sentence. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PluginError } from './errors.ts';
import { decodeText } from './saved-text.ts';

const MIB = 1_048_576;
/** `kubectl get pods -o yaml` of a large cluster has some ten; a log that is longer has its end cut off with `tail`. */
export const MAX_BYTES = 32 * MIB;
/** Enough to see what a file is. */
export const HEAD_BYTES = 16_384;

/**
 * The whole text.
 *
 * @throws PluginError if it is missing, unreadable, not a regular file, empty, binary, or larger than `maxBytes`
 */
export async function readSavedFile(path: string, maxBytes = MAX_BYTES): Promise<string> {
  const { text, isWhole } = await readStart(path, maxBytes);
  if (!isWhole)
    throw new PluginError(
      `${path} is larger than ${maxBytes / MIB} MiB; save its end with \`tail -c 1M ${path} > end.txt\` and give that`,
    );
  return text;
}

/** The first `maxBytes` of a file, and whether that is all of it. @throws PluginError as above, except for its size */
export async function readStart(
  path: string,
  maxBytes: number,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const file = await openRegular(path);
  try {
    const bytes = await readAtMost(file, maxBytes + 1);
    const isWhole = bytes.length <= maxBytes;
    const kept = isWhole ? bytes : bytes.subarray(0, maxBytes);
    refuseCompressed(path, kept);
    return { text: decodeText(kept, path), isWhole };
  } catch (error) {
    if (error instanceof PluginError) throw error;
    throw new PluginError(whyNot(path, error), { cause: error });
  } finally {
    await file.close();
  }
}

/** Without O_NONBLOCK the open of a FIFO waits for a writer that may never come. */
async function openRegular(path: string): Promise<FileHandle> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory())
      throw new PluginError(`${path} is a directory; \`diagnose --dir ${path}\` reads all files in it`);
    if (!stat.isFile()) throw new PluginError(`${path} is not a regular file`);
    return file;
  } catch (error) {
    await file?.close();
    if (error instanceof PluginError) throw error;
    throw new PluginError(whyNot(path, error), { cause: error });
  }
}

/** The size is not asked for: files below /proc have none, and a log grows while it is read. */
async function readAtMost(file: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(MIB, limit - length)));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

function refuseCompressed(path: string, bytes: Buffer): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new PluginError(`${path} is compressed; unpack it with \`gzip -dc\` or \`tar xzf\` first`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist: a part of its path is a file',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: operation not permitted',
  ELOOP: 'cannot be read: too many symbolic links',
  ENAMETOOLONG: 'cannot be read: its name is too long',
  ENXIO: 'is not a regular file',
};

function whyNot(path: string, error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const reason = typeof code === 'string' ? REASONS[code] : undefined;
  const text = error instanceof Error ? error.message : String(error);
  return `${path} ${reason ?? `cannot be read: ${text}`}`;
}
