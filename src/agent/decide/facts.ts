/** Gathers everything about the node that `decide.ts` needs, in one readonly value. Reads only. */
import type { GradedFile, KnownAddresses, RepairReport, RepairRequest } from '../../api/agent-protocol.ts';
import { gradeResolvConf } from '../../diagnosis/resolv-conf.ts';
import { describeSource, type Effective, effectiveResolvConf } from '../config/effective.ts';
import type { HostTree } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import { type Platform, platformOf } from './node-platform.ts';

type Layout = RepairReport['layout'];

export interface Facts {
  readonly unit: KubeletUnit;
  readonly layout: Layout;
  /** Set where a managed platform generates the node's configuration. */
  readonly platform: Platform | undefined;
  readonly effective: Effective;
  /** What the kubelet reads now; undefined for the empty value, or where the agent cannot see the file. */
  readonly current: GradedFile | undefined;
  readonly currentIsVisible: boolean;
  /** In the request's order of preference. */
  readonly targets: readonly GradedFile[];
  /** Files that changed after the running kubelet was started: it has not read them as they are. */
  readonly newerThanKubelet: readonly string[];
}

/** The part of the facts that reports and journals carry. */
export function evidenceOf({
  layout,
  effective,
  current,
}: Facts): Pick<RepairReport, 'layout' | 'effective' | 'current'> {
  const { value, source } = effective;
  return { layout, effective: { value, source: describeSource(source) }, ...(current && { current }) };
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  '/etc/kubernetes/kubelet-config.yaml': 'kubespray',
  '/var/lib/kubelet/config.yaml': 'kubeadm',
};

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

export function gatherFacts(
  unit: KubeletUnit,
  targets: readonly GradedFile[],
  known: KnownAddresses,
  host: HostTree,
  undoneEdit?: UndoneEdit,
): Facts {
  const effective = effectiveResolvConf(unit, host);
  const current = effective.value === '' ? undefined : grade(effective.value, known, host);
  return {
    unit,
    layout: LAYOUTS[effective.configPath ?? ''] ?? 'unknown',
    platform: platformOf(unit, host),
    effective,
    current,
    currentIsVisible: effective.value === '' || current !== undefined,
    targets,
    newerThanKubelet: newerThan(unit.startedAtMs, effective.inputs, host).filter(
      (path) =>
        !(
          undoneEdit &&
          [undoneEdit.path, undoneEdit.directory].includes(path) &&
          wasRunning(unit, undoneEdit)
        ),
    ),
  };
}

/** In the request's order of preference. */
export function gradeTargets(
  { targets, known }: Pick<RepairRequest, 'targets' | 'known'>,
  host: HostTree,
): readonly GradedFile[] {
  return targets.map((path) => grade(path, known, host) ?? missing(path));
}

const missing = (path: string): GradedFile => ({ path, class: 'missing', nameservers: [] });

/** Undefined where the path leads out of the mounted directories, which does not mean that the file is missing. */
function grade(path: string, known: KnownAddresses, host: HostTree): GradedFile | undefined {
  if (!host.canSee(host.resolve(path))) return undefined;
  const text = host.read(path);
  if (text === undefined) return missing(path);
  const { class: grade, nameservers } = gradeResolvConf(text, known);
  return { path, class: grade, nameservers: [...nameservers] };
}

/**
 * By ctime, not by mtime: cp -p and rsync set the latter, and a file that is moved here keeps it.
 */
function newerThan(startedAtMs: number, inputs: readonly string[], host: HostTree): readonly string[] {
  return inputs.filter((path) => {
    const stats = host.stat(path);
    return stats !== undefined && stats.ctimeMs > startedAtMs;
  });
}

const wasRunning = ({ mainPid, startedAtMs }: KubeletUnit, { pid, writtenMs }: UndoneEdit): boolean =>
  mainPid === pid && startedAtMs <= writtenMs;
