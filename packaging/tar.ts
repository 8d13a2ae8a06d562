/** Archives whose bytes depend only on their content: for the plugin, the image and the chart. */
import { Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { run } from './run.ts';

interface TarRequest {
  readonly root: string;
  /** What of the root goes into the archive. */
  readonly names: readonly string[];
  /** The file to write. */
  readonly file: string;
  /** Of all entries, in seconds. @default 0 */
  readonly time?: number;
  /** What the permissions become, as chmod writes it: those of a checkout depend on the umask. @default as they are */
  readonly mode?: string;
}

/** Neither the order of the file system, nor owners and times of the machine get into the archive. */
export async function writeTar({ root, names, file, time = 0, mode }: TarRequest): Promise<void> {
  const same = ['--sort=name', `--mtime=@${time}`, '--owner=0', '--group=0', '--numeric-owner'];
  if (mode !== undefined) same.push(`--mode=${mode}`);
  await run(['tar', ...same, '--format=ustar', '-C', root, '-cf', file, ...names]);
}

const GZIP_HEADER_OS = 9;
const OS_UNKNOWN = 255;

/** With the same header on every operating system. The rest depends on the version of Node and the processor only. */
export function gzip(): readonly [NodeJS.ReadWriteStream, NodeJS.ReadWriteStream] {
  let isHeader = true;
  const header = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      // zlib writes the ten bytes of the header in one piece, before anything else.
      if (isHeader) chunk[GZIP_HEADER_OS] = OS_UNKNOWN;
      isHeader = false;
      done(null, chunk);
    },
  });
  return [createGzip({ level: 6 }), header];
}
