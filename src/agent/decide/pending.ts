/** What a restart of the kubelet would apply besides our change: everything that changed after the kubelet was started. */
import type { Effective } from '../../diagnosis/kubelet/effective.ts';
import type { HostTree } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';

/**
 * A file that an earlier run changed and restored: its change time is new, but its content is what the kubelet, which
 * has been running since before that, has read.
 */
export interface UndoneEdit {
  readonly path: string;
  /** Its directory, if that has the same names as before: a removed drop-in would leave no other trace. */
  readonly directory: string | undefined;
  readonly pid: number;
  readonly writtenMs: number;
}

export interface Pending {
  /** May have changed the value: the running kubelet was started with something else. */
  readonly settings: readonly string[];
  /** The kubelet's program, if it was replaced or removed: a package upgrade that waits for its restart. */
  readonly program: string | undefined;
  /** Outside of what the agent can see, so that they may have changed. */
  readonly unseen: readonly string[];
  /** By how much the node's clock was set forward after the kubelet was started; 0 if it was not. */
  readonly clockSetForwardMs: number;
}

type Started = Pick<KubeletUnit, 'startedAtMs' | 'steadyStartMs'>;

export function findPending(
  unit: KubeletUnit,
  { inputs, program }: Pick<Effective, 'inputs' | 'program'>,
  host: HostTree,
  nowMs: number,
  undone?: UndoneEdit,
): Pending {
  const isNewer = changedSince(unit, nowMs);
  const undoneHere =
    undone && undone.pid === unit.mainPid && unit.startedAtMs <= undone.writtenMs
      ? [undone.path, undone.directory]
      : [];
  const settings: string[] = [];
  const unseen: string[] = [];
  for (const path of new Set([...inputs, ...dropInDirectories(host)])) {
    const look = host.look(path);
    if (look.kind === 'unseen') unseen.push(path);
    if (look.kind === 'found' && isNewer(look.changedAtMs) && !undoneHere.includes(path)) settings.push(path);
  }
  const look = program.startsWith('/') ? host.look(program) : { kind: 'unseen' as const };
  if (look.kind === 'unseen') unseen.push(program);
  const replaced = look.kind === 'missing' || (look.kind === 'found' && isNewer(look.changedAtMs));
  return {
    settings,
    program: replaced ? program : undefined,
    unseen,
    clockSetForwardMs: Math.max(0, stepOf(unit)),
  };
}

/** Where systemd looks for units, and where `systemctl set-property` writes. */
const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/etc/systemd/system.control',
  '/run/systemd/system',
  '/run/systemd/system.control',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** A drop-in that was removed since, or one that systemd has not read yet, leaves a trace only in its directory. */
function dropInDirectories(host: HostTree): readonly string[] {
  return UNIT_DIRECTORIES.flatMap((directory) =>
    ['kubelet.service.d', 'service.d'].map((name) => `${directory}/${name}`),
  ).filter((path) => host.look(path).kind === 'found');
}

/** Less is a clock that is slewed, or the time between two readings. */
const MIN_STEP_MS = 2_000;
/** Within this time after the start of the kubelet, the clock of a node that has just booted is set once. */
const ONE_STEP_MS = 3_600_000;

/** By how much the clock was set after the kubelet was started. */
function stepOf({ startedAtMs, steadyStartMs }: Started): number {
  const step = steadyStartMs - startedAtMs;
  return Math.abs(step) < MIN_STEP_MS ? 0 : step;
}

/**
 * Judges change times, which the node's clock wrote, against the start of the kubelet. By ctime, not by mtime: cp -p and
 * rsync set the latter, and a file that is moved here keeps it.
 *
 * A clock that is set after the start, as on a machine without a battery-backed clock, makes the recorded start too
 * early. What was written since has a time after the start by the clock before the step, or after the start by the
 * clock of now; between the two lie the files from before the boot. That holds only for a single step: once the kubelet has
 * been running for long, there may have been several, and every file that looks newer counts.
 */
function changedSince(started: Started, nowMs: number): (changedAtMs: number) => boolean {
  const { startedAtMs, steadyStartMs } = started;
  const step = stepOf(started);
  if (step === 0) return (changedAtMs) => changedAtMs > startedAtMs;
  if (step < 0) return (changedAtMs) => changedAtMs > steadyStartMs - MIN_STEP_MS;
  const ranForMs = nowMs - steadyStartMs;
  if (ranForMs > ONE_STEP_MS) return (changedAtMs) => changedAtMs > startedAtMs;
  return (changedAtMs) =>
    changedAtMs > startedAtMs &&
    (changedAtMs <= startedAtMs + ranForMs + MIN_STEP_MS || changedAtMs > steadyStartMs - MIN_STEP_MS);
}
