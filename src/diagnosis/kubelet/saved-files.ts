/** Files that were saved from a node, by their absolute path there, as the readers of the kubelet's settings want them. */
import { posix } from 'node:path';
import type { NodeFiles } from './kubelet-service.ts';

export function savedFiles(texts: ReadonlyMap<string, string>): NodeFiles {
  const read = (path: string) => texts.get(posix.normalize(path));
  return {
    read,
    readIfPossible: read,
    walk: (directory) =>
      [...texts.keys()]
        .filter((path) => path.startsWith(`${posix.normalize(directory)}/`))
        .sort(byComponents),
  };
}

/** As Go's filepath.WalkDir: a directory is walked where its own name is in the order, so `a/z` comes before `a.b`. */
function byComponents(one: string, other: string): number {
  const [left, right] = [one.split('/'), other.split('/')];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [a = '', b = ''] = [left[index], right[index]];
    if (a !== b) return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
