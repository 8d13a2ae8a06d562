/** Reads one saved file with bounded memory and time: anything but a text file of a sensible size is one clear sentence. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PluginError } from '../errors.ts';

const MIB = 1_048_576;
/** `kubectl get pods -o yaml` of a large cluster has some ten; a log that is longer has its end cut off with `tail`. */
export const MAX_BYTES = 32 * MIB;
/** Enough to see what a file is. */
export const HEAD_BYTES = 16_384;

/**
 * The whole text.
 *
 * @param path `-` for standard input
 * @throws PluginError if it is missing, unreadable, not a regular file, empty, binary, or larger than `maxBytes`
 */
export async function readSavedFile(path: string, maxBytes = MAX_BYTES): Promise<string> {
  const { text, isWhole } = await readStart(path, maxBytes, { orRefuse: true });
  if (!isWhole) throw tooLarge(path, maxBytes);
  return text;
}

const tooLarge = (path: string, maxBytes: number): PluginError =>
  new PluginError(
    `${nameOf(path)} is larger than ${maxBytes / MIB} MiB; save its end with \`tail -c 1M ${path} > end.txt\` and give that`,
  );

/** The first `maxBytes` of a file, and whether that is all of it. @throws PluginError as above, except for its size */
export async function readStart(
  path: string,
  maxBytes: number,
  { orRefuse = false }: { readonly orRefuse?: boolean } = {},
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const bytes = path === '-' ? await readStdin(maxBytes + 1) : await readFile(path, maxBytes, orRefuse);
  const isWhole = bytes.length <= maxBytes;
  return { text: decode(isWhole ? bytes : bytes.subarray(0, maxBytes), nameOf(path)), isWhole };
}

const nameOf = (path: string): string => (path === '-' ? 'standard input' : path);

async function readStdin(limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

/** One byte more than `maxBytes`, if there is one. */
async function readFile(path: string, maxBytes: number, orRefuse: boolean): Promise<Buffer> {
  const { file, size } = await openRegular(path);
  try {
    // Without reading any of it.
    if (orRefuse && size > maxBytes) throw tooLarge(path, maxBytes);
    return await readAtMost(file, maxBytes + 1);
  } catch (error) {
    if (error instanceof PluginError) throw error;
    throw new PluginError(whyNot(path, error), { cause: error });
  } finally {
    await file.close();
  }
}

/** Without O_NONBLOCK the open of a FIFO waits for a writer that may never come. */
async function openRegular(path: string): Promise<{ readonly file: FileHandle; readonly size: number }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isDirectory())
      throw new PluginError(`${path} is a directory; \`diagnose --dir ${path}\` reads all files in it`);
    if (!stat.isFile()) throw new PluginError(`${path} is not a regular file`);
    return { file, size: stat.size };
  } catch (error) {
    await file?.close();
    if (error instanceof PluginError) throw error;
    throw new PluginError(whyNot(path, error), { cause: error });
  }
}

/** Up to the end, not to the size: files below /proc have none, and a log grows while it is read. */
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

function decode(bytes: Buffer, name: string): string {
  if (bytes.length === 0) throw new PluginError(`${name} is empty`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new PluginError(`${name} is compressed; unpack it with \`gzip -dc\` or \`tar xzf\` first`);
  const text = decodeUtf16(bytes) ?? bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (isBinary(text)) throw new PluginError(`${name} is binary, not text`);
  if (text.trim() === '') throw new PluginError(`${name} is empty: it has only white space`);
  return text;
}

/** What PowerShell writes with `>`. */
function decodeUtf16(bytes: Buffer): string | undefined {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (mark === 0xff_fe) return bytes.subarray(2).toString('utf16le');
  return mark === 0xfe_ff ? Buffer.from(bytes.subarray(2)).swap16().toString('utf16le') : undefined;
}

/** /proc/PID/cmdline separates the arguments by zero bytes; other control characters are hardly ever in a text. */
function isBinary(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- that is what makes it binary
  const controls = text.match(/[\u0001-\u0006\u000E-\u001A\uFFFD]/g)?.length ?? 0;
  if (text.includes('\0') && !/^[\x20-\x7E\0\n]+$/.test(text)) return true;
  return controls > Math.max(2, text.length / 200);
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
