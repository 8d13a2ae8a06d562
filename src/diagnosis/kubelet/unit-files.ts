/** Finds where in the files of kubelet.service a flag is set, as systemd reads them: the last assignment wins. */
import type { KubeletService, NodeFiles } from './kubelet-service.ts';
import { type Assignment, parseUnit } from './unit-text.ts';

/** What is searched for: the last ExecStart=, or the last Environment= that sets this variable. */
export type Wanted = { readonly kind: 'command' } | { readonly kind: 'variable'; readonly name: string };

/** Undefined if it is not in these files, or if one that may override it cannot be read. */
export function findInUnit(
  wanted: Wanted,
  unit: Pick<KubeletService, 'fragmentPath' | 'dropInPaths'>,
  host: NodeFiles,
): { readonly path: string; readonly line: number } | undefined {
  let found: { readonly path: string; readonly line: number } | undefined;
  for (const path of unitFiles(unit)) {
    const text = host.readIfPossible(path);
    if (text === undefined) {
      found = undefined;
      continue;
    }
    for (const assignment of parseUnit(text)) {
      if (isReset(assignment, wanted)) found = undefined;
      else if (sets(assignment, wanted)) found = { path, line: lineOfFlag(assignment) };
    }
  }
  return found;
}

/** In the order in which systemd reads them. */
export function unitFiles(unit: Pick<KubeletService, 'fragmentPath' | 'dropInPaths'>): readonly string[] {
  return [unit.fragmentPath, ...unit.dropInPaths].filter((path) => path !== '');
}

const isReset = ({ key, value }: Assignment, wanted: Wanted): boolean =>
  value === '' && key === (wanted.kind === 'command' ? 'ExecStart' : 'Environment');

function sets({ key, value }: Assignment, wanted: Wanted): boolean {
  if (wanted.kind === 'command') return key === 'ExecStart';
  return key === 'Environment' && new RegExp(`(?:^|[\\s"'])${wanted.name}=`).test(value);
}

function lineOfFlag({ lines }: Assignment): number {
  const line = lines.findLast(({ text }) => /--resolv[-_]conf/.test(text)) ?? lines[0];
  return line?.number ?? 0;
}
