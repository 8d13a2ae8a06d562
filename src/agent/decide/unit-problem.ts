/** The first guards, before any file is understood: whose node it is, and whether its kubelet is one that may be restarted. */
import { ownerOnDisk } from '../../diagnosis/managed-platform.ts';
import type { HostTree } from '../files/host-tree.ts';
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import { type Refusal, refuse } from './decide.ts';

/** On a node whose kubelet is not a unit of systemd, the owner says more than the missing unit. */
export function ownerProblem(unit: KubeletUnit, host: HostTree): Refusal | undefined {
  const owner = ownerOnDisk({
    program: unit.execStart[0]?.[0] ?? '',
    exists: (path) => host.look(path).kind === 'found',
    read: (path) => host.readIfPossible(path),
  });
  if (owner?.verdict.kind !== 'generates') return undefined;
  return refuse('ManagedPlatform', `This is a node of ${owner.name}. ${owner.proof}`, owner.verdict.advice);
}

export function unitProblem(unit: KubeletUnit): Refusal | undefined {
  const state = `${unit.activeState}/${unit.subState}`;
  if (unit.loadState === 'masked')
    return refuse('UnitMasked', `The unit kubelet.service is masked (${state}).`);
  if (unit.subState === 'auto-restart')
    return refuse(
      'RestartLoop',
      `The kubelet is in a restart loop: ${unit.autoRestarts} restarts by systemd so far (${state}).`,
    );
  if (unit.jobPending || ['activating', 'deactivating', 'reloading'].includes(unit.activeState))
    return refuse('UnitBusy', `The unit kubelet.service is being started or stopped (${state}).`);
  if (unit.loadState !== 'loaded' || unit.activeState !== 'active' || unit.mainPid === 0)
    return refuse('UnitNotRunning', `The unit kubelet.service is ${unit.loadState}, ${state}.`);
  return undefined;
}
