/** What the kubelet's files say against what the running kubelet gives to new pods, of which this one is one. Pure. */
import type { ComparedFiles, GradedFile, ResolvConfClass } from '../../api/agent-protocol.ts';
import { isLooping, isUsable } from '../../diagnosis/resolv-conf.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import type { Pending } from './pending.ts';

/** The resolv.conf of this pod. */
export interface GivenFile extends Pick<GradedFile, 'path' | 'class' | 'nameservers'> {
  /** When it was written, by the node's clock: the pod's sandbox was created then. */
  readonly writtenAtMs: number;
}

/** As many changed files as a report names. */
const MAX_CHANGED = 8;

/** @param current the file that resolvConf names; undefined if that cannot be graded */
export function compare(
  given: GivenFile,
  current: Pick<GradedFile, 'class'> | undefined,
  { settings }: Pick<Pending, 'settings'>,
  unit: Pick<KubeletUnit, 'startedAtMs' | 'steadyStartMs'>,
): ComparedFiles {
  const { path, nameservers } = given;
  // A kubelet that was started since may give out another file. Either time, because a clock that was set makes one wrong.
  const isOfRunningKubelet = given.writtenAtMs > Math.max(unit.startedAtMs, unit.steadyStartMs);
  return {
    running: isOfRunningKubelet ? sideOf(given.class) : 'unclear',
    inFile: current ? sideOf(current.class) : 'unclear',
    given: { path, class: given.class, nameservers: [...nameservers] },
    changed: settings.slice(0, MAX_CHANGED),
  };
}

function sideOf(cls: ResolvConfClass): ComparedFiles['running'] {
  if (isUsable(cls, { acceptRisky: true })) return 'right';
  return isLooping(cls) ? 'wrong' : 'unclear';
}
