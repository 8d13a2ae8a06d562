/** The byte-exact edit of `--resolv-conf` in an environment file: the flag's value, in the file's own quoting. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { Refused } from '../../api/refused.ts';
import type { Origin } from '../../diagnosis/kubelet/command-line.ts';
import { parseEnvironmentFile } from '../../diagnosis/kubelet/environment-file.ts';
import type { Flag } from '../../diagnosis/kubelet/kubelet-flags.ts';
import { lineAt, lineOf } from '../../diagnosis/kubelet/lines.ts';
import type { FlagInFile } from '../../diagnosis/kubelet/setting.ts';
import type { Edit } from './edit-config.ts';

/** A target is inserted unquoted, within whatever quotes are there; none of these characters is special to systemd. */
const NEEDS_NO_QUOTES = /^[\w./-]+$/;

/** Undefined if the value is already there. Throws `Refused` if the edit cannot be proven to be the only change. */
export function editFlag({ path, text, flag }: FlagInFile, target: string): Edit | undefined {
  if (flag.value === target) return undefined;
  if (!NEEDS_NO_QUOTES.test(target)) throw new Error(`target needs quotes: ${target}`);
  const { start, end } = placeOfValue(flag, text, path);
  const edited = text.slice(0, start) + target + text.slice(end);
  proveOnlyChange(text, edited, path);
  const line = lineOf(text, start);
  return { text: edited, line, before: lineAt(text, start), after: lineAt(edited, start) };
}

function placeOfValue(flag: Flag, text: string, path: string): { start: number; end: number } {
  const { origins } = flag.argument;
  const offsetOf = (origin: Origin | undefined): number | undefined =>
    origin?.variable.file?.at[origin.index];
  const offsets = origins.slice(flag.valueStart).map(offsetOf);
  const [first] = offsets;
  const last = offsets.at(-1);
  if (first !== undefined && last !== undefined) {
    if (last - first !== offsets.length - 1)
      throw unclear(path, lineOf(text, first), 'is quoted in the middle or spans several lines');
    return { start: first, end: last + 1 };
  }
  // An empty value has no characters: insert behind the equals sign, and within the quotes if there are any.
  const before = offsetOf(origins[flag.valueStart - 1]);
  if (before === undefined) throw unclear(path, undefined, 'is a separate, empty argument');
  const start = /^(["'])\1/.test(text.slice(before + 1)) ? before + 2 : before + 1;
  return { start, end: start };
}

/** The same variables in the same order, and exactly one of their values differs. */
function proveOnlyChange(before: string, after: string, path: string): void {
  const [old, now] = [parseEnvironmentFile(before), parseEnvironmentFile(after)];
  const names = (assignments: typeof old): string[] => assignments.map(({ name }) => name);
  const changed = old.filter(({ value }, index) => value !== now[index]?.value).length;
  if (!isDeepStrictEqual(names(old), names(now)) || changed !== 1)
    throw unclear(path, undefined, 'cannot be changed without changing something else');
}

function unclear(path: string, line: number | undefined, what: string): Refused {
  return new Refused('FlagOverrides', `The flag --resolv-conf in ${path}${line ? `:${line}` : ''} ${what}.`);
}
