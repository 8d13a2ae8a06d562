/** Reads a file that someone saved, or standard input, as text: within bounds, and with one sentence about what is wrong. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PluginError } from './errors.ts';

/** A log of a container is rotated at 10 MiB by default; what decides is at its end. */
const MAX_BYTES = 16 << 20;
const CHUNK_BYTES = 64 << 10;
const MIB = 1 << 20;
const STDIN = 0;

/** @param path `-` for standard input */
export function readSavedText(path: string): string {
  return decodeText(readBounded(path), describe(path));
}

const describe = (path: string): string => (path === '-' ? 'standard input' : path);

function readBounded(path: string): Buffer {
  const name = describe(path);
  const descriptor = path === '-' ? STDIN : open(path);
  try {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw new PluginError(`${name} is a directory, not a file`);
    if (stats.isFile() && stats.size > MAX_BYTES) throw tooLarge(name, `${Math.round(stats.size / MIB)} MiB`);
    return readToEnd(descriptor, name);
  } finally {
    if (descriptor !== STDIN) closeSync(descriptor);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'EACCES'
          ? 'may not be read'
          : `cannot be opened (${code})`;
    throw new PluginError(`${path} ${why}`, { cause: error });
  }
}

/** A pipe has no size: it is read until there is too much of it. */
function readToEnd(descriptor: number, name: string): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const length = read(descriptor, chunk);
    if (length === 0) return Buffer.concat(chunks, total);
    total += length;
    if (total > MAX_BYTES) throw tooLarge(name, `more than ${MAX_BYTES / MIB} MiB`);
    chunks.push(chunk.subarray(0, length));
  }
}

/** A terminal and some pipes are not ready at once; Windows ends a pipe with an error. */
function read(descriptor: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, chunk);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(WAITING, 0, 0, WAIT_MS);
    }
  }
}

const WAITING = new Int32Array(new SharedArrayBuffer(4));
const WAIT_MS = 10;

const tooLarge = (name: string, size: string): PluginError =>
  new PluginError(
    `${name} is ${size} large, and at most ${MAX_BYTES / MIB} MiB are read: give its end, for example tail -c 1M`,
  );

/** @throws PluginError if it is empty or not a text; `name` is for the message */
export function decodeText(bytes: Buffer, name: string): string {
  if (bytes.length === 0) throw new PluginError(`${name} is empty`);
  const text = decodeUtf16(bytes) ?? bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') throw new PluginError(`${name} is empty: it has only white space`);
  if (isBinary(text)) throw new PluginError(`${name} is binary, not text`);
  return text;
}

/** What PowerShell writes with `>`. */
function decodeUtf16(bytes: Buffer): string | undefined {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  if (mark === 0xff_fe) return bytes.subarray(2).toString('utf16le');
  return mark === 0xfe_ff ? Buffer.from(bytes.subarray(2)).swap16().toString('utf16le') : undefined;
}

/** Lines of /proc/PID/cmdline end with NUL; other control characters are not in a text. */
function isBinary(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- that is what makes it binary
  const controls = text.match(/[\u0001-\u0006\u000E-\u001A\uFFFD]/g)?.length ?? 0;
  const zeros = text.match(/\0/g)?.length ?? 0;
  return controls > Math.max(2, text.length / 200) || (zeros > 0 && !/^[\x20-\x7E\0\n]+$/.test(text));
}
