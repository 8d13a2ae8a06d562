/** The mounts of this machine, read from the kernel rather than from a record of ours. */
import { readFileSync } from 'node:fs';
import { run } from '../run.ts';

export interface Mount {
  readonly target: string;
  readonly type: string;
  readonly superOptions: string;
}

/** Parses /proc/PID/mountinfo, where a space in a path is written as \040. */
export function parseMountInfo(text: string): Mount[] {
  const unescape = (path: string) =>
    path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ');
      const dash = fields.indexOf('-');
      return {
        target: unescape(fields[4] ?? ''),
        type: fields[dash + 1] ?? '',
        superOptions: fields[dash + 3] ?? '',
      };
    });
}

export function mounts(): Mount[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

export function mountsBelow(dir: string): string[] {
  return mounts()
    .map((mount) => mount.target)
    .filter((target) => target === dir || target.startsWith(`${dir}/`));
}

/** Unmounts everything at or below the folder, last mounted first; throws if something is still mounted. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const target of mountsBelow(dir).toReversed()) {
    const result = await run(['umount', target], { allowFailure: true });
    if (result.code !== 0) await run(['umount', '--lazy', target], { allowFailure: true });
  }
  const left = mountsBelow(dir);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
}
