/** Reads the receivers from their files: what the Deployment mounts from a Secret. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NoticeEvent } from '../../notify/notice.ts';
import {
  parseHeaders,
  parseReceivers,
  parseUrl,
  type ReceiverEntry,
  ReceiversError,
} from '../../notify/receivers-file.ts';

/** One receiver with everything that its files say. Only its name may be shown. */
export interface Receiver {
  readonly name: string;
  readonly format: ReceiverEntry['format'];
  readonly events: readonly NoticeEvent[];
  readonly timeoutMs: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates that are trusted instead of the well-known ones, PEM; null: the well-known ones. */
  readonly ca: string | null;
}

/**
 * None if the file does not exist, because the Secret is optional.
 * @throws ReceiversError that says what to correct, without any value
 */
export async function readReceivers(path: string): Promise<readonly Receiver[]> {
  const text = await read(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw new ReceiversError(`the file of receivers cannot be read (${codeOf(error)})`);
  });
  if (text === null) return [];
  return Promise.all(parseReceivers(text).map(async (entry) => withFiles(entry, dirname(path))));
}

async function withFiles(entry: ReceiverEntry, directory: string): Promise<Receiver> {
  const { name, format, events, timeoutSeconds, urlFile, headersFile, caFile } = entry;
  const beside = async (file: string): Promise<string> =>
    read(join(directory, file)).catch((error: unknown) => {
      throw new ReceiversError(
        `receiver ${name} names the file ${file}, which cannot be read (${codeOf(error)})`,
      );
    });
  return {
    name,
    format,
    events,
    timeoutMs: timeoutSeconds * 1000,
    url: urlFile === undefined ? (entry.url ?? '') : parseUrl(await beside(urlFile), urlFile),
    headers: headersFile === undefined ? {} : parseHeaders(await beside(headersFile), headersFile),
    ca: caFile === undefined ? null : await beside(caFile),
  };
}

const read = async (path: string): Promise<string> => readFile(path, 'utf8');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
