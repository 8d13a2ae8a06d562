/** What an explanation is made from, and the questions that several of them ask. */
import { posix } from 'node:path';
import type { Explanation, Rewritten } from '../../api/rewritten.ts';

/** What the agent found, and what the repair set instead. */
export interface Trace {
  readonly rewritten: Rewritten;
  /** The right value of resolvConf. */
  readonly target: string;
}

/** One possible explanation. Returns null where nothing speaks for it. */
export interface Rewriter {
  readonly explanation: Explanation['explanation'];
  readonly explain: (trace: Trace) => Omit<Explanation, 'explanation'> | null;
}

/** A run of a program that is named by several files took place at about the time of the change. */
export function near({ rewritten }: Trace, pattern: RegExp): readonly string[] {
  return rewritten.neighbours.map(({ path }) => path).filter((path) => pattern.test(path));
}

/** Units of the image and cloud-init's last stage have run by then on a node that boots slowly. */
const BOOT_MS = 3 * 60_000;
/** The kernel's own time of the boot is a little later than that of the first change. */
const BEFORE_BOOT_MS = 10_000;

/** For how long the node had been booted when the file was changed; null if that was not at boot. */
export function atBootMs({ rewritten: { ctime, bootedAt } }: Trace): number | null {
  if (bootedAt === undefined) return null;
  const ms = Date.parse(ctime) - Date.parse(bootedAt);
  return ms >= -BEFORE_BOOT_MS && ms <= BOOT_MS ? Math.max(0, ms) : null;
}

/** `template` and `copy` of Ansible with `backup: true` (ansible/module_utils/basic.py, backup_local). */
const ANSIBLE_BACKUP = /\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/;
export const ansibleBackups = (trace: Trace): readonly string[] => near(trace, ANSIBLE_BACKUP);

/** What vim, emacs, nano and `sed -i.bak` leave beside the file that is edited. */
export function editorTraces(trace: Trace): readonly string[] {
  const { path } = trace.rewritten;
  const [directory, name] = [posix.dirname(path), posix.basename(path)];
  const own = [`${name}~`, `#${name}#`, `.#${name}`, '4913'].map((one) => posix.join(directory, one));
  return trace.rewritten.neighbours
    .map((neighbour) => neighbour.path)
    .filter(
      (one) =>
        own.includes(one) ||
        (one.startsWith(`${posix.join(directory, `.${name}.`)}sw`) && posix.dirname(one) === directory) ||
        ['.save', '.bak', '.orig', '.old'].some((suffix) => one === `${path}${suffix}`),
    );
}

export const sameMinute = (paths: readonly string[], what: string): string =>
  `${paths.join(', ')} ${paths.length === 1 ? 'was' : 'were'} changed within a minute of it${what}.`;

/** A template or a copy writes all bytes again; someone who edits one line may do so as well. */
export function restored({ rewritten }: Trace): readonly string[] {
  return rewritten.content === 'AsBefore'
    ? [`The content is byte for byte what it was before ${rewritten.sinceRepair ?? 'the last repair'}.`]
    : [];
}
