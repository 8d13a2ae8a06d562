/** Finds where in the files of kubelet.service a flag is set, as systemd reads them: the last assignment wins. */
import type { KubeletService, NodeFiles } from './kubelet-service.ts';

interface Assignment {
  readonly key: string;
  readonly value: string;
  /** The lines of the file that it consists of, without comments. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

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
    for (const assignment of parse(text)) {
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

function parse(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let open: { number: number; text: string }[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    // A comment within a continued line is skipped; the line goes on after it.
    if (/^\s*[#;]/.test(line)) continue;
    open.push({ number: index + 1, text: line });
    if (line.endsWith('\\')) continue;
    const joined = open.map((part) => part.text.replace(/\\$/, ' ')).join('');
    const equals = joined.indexOf('=');
    if (equals > 0)
      assignments.push({
        key: joined.slice(0, equals).trim(),
        value: joined.slice(equals + 1).trim(),
        lines: open,
      });
    open = [];
  }
  return assignments;
}
