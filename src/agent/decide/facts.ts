/** Gathers everything about the node that `decide.ts` needs, in one readonly value. Reads only. */
import type { ComparedFiles, GradedFile, KnownAddresses, RepairReport } from '../../api/agent-protocol.ts';
import { type Effective, effectiveResolvConf } from '../../diagnosis/kubelet/effective.ts';
import { describeSource } from '../../diagnosis/kubelet/setting.ts';
import type { HostTree } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import { compare, type GivenFile } from './compare.ts';
import { gradeFile, type Targets } from './grade-files.ts';
import { findPending, type Pending, type UndoneEdit } from './pending.ts';

type Layout = RepairReport['layout'];

export interface Facts {
  readonly unit: KubeletUnit;
  readonly layout: Layout;
  readonly effective: Effective;
  /** What the kubelet reads now; undefined for the empty value, or where the agent cannot read the file. */
  readonly current: GradedFile | undefined;
  /** Why the agent cannot tell what the kubelet reads now. */
  readonly currentProblem: string | undefined;
  readonly targets: Targets;
  readonly pending: Pending;
  /** undefined where this pod has no resolv.conf of its own. */
  readonly compared: ComparedFiles | undefined;
}

type Evidence = Pick<RepairReport, 'layout' | 'effective' | 'current' | 'compared'>;

/** The part of the facts that reports carry. */
export function evidenceOf({
  layout,
  effective,
  current,
  compared,
}: Pick<Facts, 'layout' | 'effective' | 'current' | 'compared'>): Evidence {
  const { value, source } = effective;
  return {
    layout,
    effective: { value, source: describeSource(source) },
    ...(current && { current }),
    ...(compared && { compared }),
  };
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  '/etc/kubernetes/kubelet-config.yaml': 'kubespray',
  '/var/lib/kubelet/config.yaml': 'kubeadm',
};

interface Reading {
  readonly unit: KubeletUnit;
  readonly host: HostTree;
  readonly nowMs: number;
  readonly undoneEdit?: UndoneEdit | undefined;
}

/** What is configured, and what a restart would apply besides. @throws Refused where the agent does not understand it */
export function readConfigured({
  unit,
  host,
  nowMs,
  undoneEdit,
}: Reading): Pick<Facts, 'effective' | 'pending'> {
  const effective = effectiveResolvConf(unit, host);
  return { effective, pending: findPending(unit, effective, host, nowMs, undoneEdit) };
}

/** `known` decides on the current file; the targets are graded already. */
export function gatherFacts(
  reading: Reading,
  configured: Pick<Facts, 'effective' | 'pending'>,
  known: KnownAddresses,
  targets: Targets,
  given: GivenFile | undefined,
): Facts {
  const { value, configPath } = configured.effective;
  const current = value === '' ? undefined : gradeFile(value, known, reading.host);
  const graded = current?.kind === 'graded' ? current.file : undefined;
  return {
    ...configured,
    compared: given && compare(given, graded, configured.pending, reading.unit),
    unit: reading.unit,
    layout: LAYOUTS[configPath ?? ''] ?? 'unknown',
    current: graded,
    currentProblem: current?.kind === 'unreadable' ? current.problem.message : undefined,
    targets,
  };
}
