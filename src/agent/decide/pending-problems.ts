/** Why a restart of the kubelet would do more than apply our change; for the decision and for a rollback. */
import type { KubeletUnit } from '../unit/kubelet-unit.ts';
import type { Refusal } from './decide.ts';
import type { Pending } from './pending.ts';

/** The running kubelet may have been started with another value than the files have now. */
export function settingsProblem({ settings, program, clockSetForwardMs }: Pending): Refusal | undefined {
  if (settings.length === 0) return undefined;
  const changed = [...settings, ...(program === undefined ? [] : [program])];
  return {
    kind: 'refuse',
    reason: 'PendingChanges',
    message: `Changed since the kubelet was started: ${changed.join(', ')}. A restart would apply that as well.`,
    ...adviceOnClock(clockSetForwardMs),
  };
}

export function unseenProblem({ unseen }: Pending): Refusal | undefined {
  if (unseen.length === 0) return undefined;
  return {
    kind: 'refuse',
    reason: 'InputNotVisible',
    message: `A restart would also apply any change to ${unseen.join(', ')}, which the agent cannot see.`,
  };
}

export function programProblem({ program, clockSetForwardMs }: Pending): Refusal | undefined {
  if (program === undefined) return undefined;
  return {
    kind: 'refuse',
    reason: 'PendingChanges',
    message: `The kubelet's program ${program} was replaced or removed after the kubelet was started. A restart would start what is there now.`,
    advice:
      'This looks like a package upgrade that waits for its restart. Finish the upgrade (for kubeadm, run `kubeadm upgrade node` first), then run `systemctl daemon-reload && systemctl restart kubelet`. After that the node can be repaired.',
    ...adviceOnClock(clockSetForwardMs),
  };
}

export function reloadProblem({ needDaemonReload }: KubeletUnit): Refusal | undefined {
  if (!needDaemonReload) return undefined;
  return {
    kind: 'refuse',
    reason: 'PendingChanges',
    message:
      'The files of kubelet.service were changed, and systemd has not read them again. A restart may apply that as well.',
  };
}

function adviceOnClock(setForwardMs: number): { readonly advice?: string } {
  if (setForwardMs === 0) return {};
  const seconds = Math.round(setForwardMs / 1000);
  return {
    advice: `The clock of the node was set forward by ${seconds} s after the kubelet was started, so a file may look newer than the kubelet although it is not. If nothing was changed since then, run \`systemctl restart kubelet\`, after which the times can be compared.`,
  };
}
