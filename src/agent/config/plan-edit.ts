/** Plans the smallest change that takes effect: which file to change, and its new text. Reads only. */
import { posix } from 'node:path';
import { USUAL_DIRECTORIES } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { Refused } from '../../api/refused.ts';
import { type Effective, effectiveResolvConf } from '../../diagnosis/kubelet/effective.ts';
import { describeSource, type Place } from '../../diagnosis/kubelet/setting.ts';
import { type HostTree, isWithin } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import { type Edit, editConfig } from './edit-config.ts';
import { editFlag } from './edit-flag.ts';

/** The environment files that may be edited. Any other one may belong to an unknown tool. */
const ENVIRONMENT_FILES: readonly string[] = [
  '/etc/kubernetes/kubelet.env',
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
];

export interface PlannedEdit extends Edit {
  readonly path: string;
  readonly directory: string;
  readonly name: string;
  /** The whole file as it was judged. */
  readonly was: string;
}

/** @throws Refused where the change can only be made by hand, naming the file and the line */
export function planEdit(
  effective: Effective,
  target: string,
  unit: KubeletUnit,
  host: HostTree,
): PlannedEdit {
  const { place, source } = effective;
  if (place === undefined)
    throw new Refused(
      source.kind === 'unit-flag' || source.kind === 'unseen-flag' ? 'FlagOverrides' : 'UnknownLayout',
      `The value of resolvConf is set by ${describeSource(source)}, which is not a file that may be edited.`,
    );
  const { path, text } = place;
  refuseOutside(effective);
  const edit = editOf(place, target);
  if (edit === undefined)
    throw new Error(`${path} already contains the target, but the kubelet does not use it`);
  prove(effective, effectiveResolvConf(unit, host.with(path, edit.text)), target);
  return { ...edit, path, directory: posix.dirname(path), name: posix.basename(path), was: text };
}

function editOf(place: Place, target: string): Edit | undefined {
  switch (place.kind) {
    case 'document':
      return editConfig(place.text, target, place.path);
    case 'flag':
      return editFlag(place, target);
    default:
      return assertNever(place);
  }
}

/** Read again as the kubelet will read it: it gets the target, and nothing else of its command line differs. */
function prove(before: Effective, after: Effective, target: string): void {
  const changed = after.args.filter((arg, index) => arg !== before.args[index]);
  const isFlag = before.place?.kind === 'flag';
  if (
    after.value !== target ||
    after.args.length !== before.args.length ||
    !changed.every((arg) => isFlag && arg.endsWith(target))
  )
    throw new Refused(
      'ConfigNotParseable',
      `With ${describeSource(before.source)} changed, the kubelet would read ${after.value || 'no file'}.`,
    );
}

function refuseOutside({ place, source }: Effective): void {
  const path = place?.path ?? '';
  const known =
    place?.kind === 'flag'
      ? ENVIRONMENT_FILES.includes(path)
      : USUAL_DIRECTORIES.some((directory) => isWithin(path, directory));
  if (known && path === posix.normalize(path)) return;
  throw new Refused(
    place?.kind === 'flag' ? 'FlagOverrides' : 'UnknownLayout',
    `The value of resolvConf is set by ${source.kind === 'default' ? path : describeSource(source)}, which is not among the files that may be edited.`,
  );
}
