/** Questions that several stages ask of a situation. */
import type { StepName, TakenBackBecause } from '../api/remediation.ts';
import type { AgentRun, Remediation, Situation } from './world.ts';

/** This incident's quarantine is on the node. */
export function holdsNode({ remediation, world }: Situation): boolean {
  return world.node?.quarantine?.remediation === remediation.name;
}

/** The node was quarantined at some time, by what the status or the node says. */
export function wasAdmitted(situation: Situation): boolean {
  return situation.remediation.status.quarantine !== undefined || holdsNode(situation);
}

export function stepStartedAt(remediation: Remediation, name: StepName): number | null {
  const step = remediation.status.steps.find((candidate) => candidate.name === name);
  return step ? Date.parse(step.startedAt) : null;
}

export function stepIsFinished(remediation: Remediation, name: StepName): boolean {
  return remediation.status.steps.some((step) => step.name === name && step.finishedAt !== undefined);
}

/** The first time that a repair Job was taken back for this reason. */
export function takenBack({ remediation }: Situation, because: TakenBackBecause) {
  return remediation.status.repairTakenBack.find((one) => one.because === because) ?? null;
}

/** The repair Job is on its way out. By uid too: the cache may not show yet that it was deleted. */
export function isBeingRemoved({ remediation }: Situation, job: AgentRun): boolean {
  return job.deleting || remediation.status.repairTakenBack.some(({ uid }) => uid === job.uid);
}

/** How long a step has been going on; 0 before it began. */
export function stepAge({ remediation, now }: Situation, name: StepName): number {
  const startedAt = stepStartedAt(remediation, name);
  return startedAt === null ? 0 : now - startedAt;
}

/**
 * When the node was seen with its new kubelet, by the agent's report: a sandbox that is younger has read the
 * repaired file. The node's clock and the kubelet's stamps on the node's pods are the same clock.
 */
export function repairedAt({ remediation }: Situation): number | null {
  const times = remediation.status.repair?.times;
  const text = times?.restarted ?? times?.written ?? times?.decided;
  return text === undefined ? null : Date.parse(text);
}
