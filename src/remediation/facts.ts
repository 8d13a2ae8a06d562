/** Questions about a situation that several stages ask. */

import { isHeldBy } from '../api/quarantine-record.ts';
import {
  FINAL_PHASES,
  type RemediationStatus,
  type StepName,
  type TakenBackBecause,
} from '../api/remediation.ts';
import type { AgentRun, DnsPodView, Remediation, Situation } from './world.ts';

/** This incident's quarantine is on the node. */
export function holdsNode({ remediation, world }: Situation): boolean {
  const record = world.node?.quarantine;
  return record != null && isHeldBy(record, remediation);
}

/** The node was quarantined at some time, according to the status or to the node. */
export function wasAdmitted(situation: Situation): boolean {
  return situation.remediation.status.quarantine !== undefined || holdsNode(situation);
}

/** It changes a file and restarts nothing: one that is wrong under a kubelet that is right, or takes such a repair back. */
export const isOfFileAlone = ({ spec }: Pick<Remediation, 'spec'>): boolean =>
  spec.trigger === 'Rollback'
    ? spec.rollback.fileAlone
    : spec.trigger === 'Drift' && spec.drift.kind === 'PendingInFile';

/** The step in which the Job on its node changes something. */
export const changeStep = ({ spec }: Pick<Remediation, 'spec'>): 'Repair' | 'Rollback' =>
  spec.trigger === 'Rollback' ? 'Rollback' : 'Repair';

/** What it does to its node, in the words of its messages. */
export const workOf = ({ spec }: Pick<Remediation, 'spec'>): 'repair' | 'rollback' =>
  spec.trigger === 'Rollback' ? 'rollback' : 'repair';

/** What the agent reported of its change, whichever that was. */
export const changeReport = ({ repair, rollback }: Pick<RemediationStatus, 'repair' | 'rollback'>) =>
  repair ?? rollback;

/** A person had asked for it, and it went well: it says nothing against repairs. */
export const isRolledBackOnRequest = ({ spec, status }: Pick<Remediation, 'spec' | 'status'>): boolean =>
  spec.trigger === 'Rollback' && status.phase === 'RolledBack';

/** The agent changed a file of the node, with a restart of the kubelet or without. */
export const changedTheNode = ({ repair }: Pick<RemediationStatus, 'repair'>): boolean =>
  repair?.outcome === 'repaired' || repair?.outcome === 'corrected';

/** A container of it ran and does not run now. Not one that is just being started. */
export const isDown = (pod: Pick<DnsPodView, 'ready' | 'runningSince' | 'containerID'>): boolean =>
  !pod.ready && pod.runningSince === null && pod.containerID !== null;

/** Nothing is done about it yet that a node could notice: it waits, is planned, or its plan is to be approved. */
export const hasNotBegun = ({ status }: Pick<Remediation, 'status'>): boolean =>
  status.phase === 'Pending' || status.phase === 'Planning' || status.phase === 'AwaitingApproval';

/** Its turn has come and it is not over. */
export function isUnderRepair(remediation: Remediation): boolean {
  return !hasNotBegun(remediation) && !FINAL_PHASES.includes(remediation.status.phase);
}

/**
 * When the repair of a record began: with its quarantine or, of a file alone, with its Job. null: it never did, or it was
 * admitted a moment ago. The beginning of its last attempt if there were several.
 */
export function beganRepairAt(remediation: Remediation): number | null {
  const began = stepStartedAt(remediation, 'Quarantine') ?? stepStartedAt(remediation, 'Repair');
  if (began !== null) return began;
  const { createdAt, status } = remediation;
  const attempt = status.attempts.at(-1);
  if (attempt !== undefined) return Date.parse(attempt.startedAt);
  return status.repair === undefined ? null : createdAt;
}

/** A person asked what a repair would do: nothing has to be wrong, and nothing is repaired. */
export const isPlanOnRequest = ({ spec }: Pick<Remediation, 'spec'>): boolean => spec.trigger === 'Request';

export function stepStartedAt(remediation: Remediation, name: StepName): number | null {
  const step = remediation.status.steps.find((candidate) => candidate.name === name);
  return step ? Date.parse(step.startedAt) : null;
}

/** When a step was first recorded as done, epoch milliseconds. */
export function stepFinishedAt(remediation: Remediation, name: StepName): number | null {
  const finishedAt = remediation.status.steps.find((step) => step.name === name)?.finishedAt;
  return finishedAt === undefined ? null : Date.parse(finishedAt);
}

export function stepIsFinished(remediation: Remediation, name: StepName): boolean {
  return remediation.status.steps.some((step) => step.name === name && step.finishedAt !== undefined);
}

/** When a repair Job of this attempt was taken back for this reason, if ever. */
export const takenBack = ({ remediation }: Situation, because: TakenBackBecause) =>
  takenBackIn(remediation.status, because);

export function takenBackIn({ attempts, repairTakenBack }: RemediationStatus, because: TakenBackBecause) {
  const lastEnd = Date.parse(attempts.at(-1)?.endedAt ?? '') || 0;
  return repairTakenBack.find((one) => one.because === because && Date.parse(one.at) > lastEnd) ?? null;
}

/** The repair Job was deleted and is not gone yet. By uid too: the cache may not show the deletion yet. */
export function isBeingRemoved({ remediation }: Situation, job: AgentRun): boolean {
  return job.deleting || remediation.status.repairTakenBack.some(({ uid }) => uid === job.uid);
}

/** For how long something that happened at `time` has been observed: the age that a timeout is compared with. */
export function observedAge({ now, observedSince }: Situation, time: number): number {
  return now - Math.max(time, observedSince);
}

/** For how long a step has been observed since it began; 0 before it began. */
export function stepAge(situation: Situation, name: StepName): number {
  const startedAt = stepStartedAt(situation.remediation, name);
  return startedAt === null ? 0 : observedAge(situation, startedAt);
}

/**
 * When the new kubelet was first seen, according to the agent's report: a younger sandbox has the repaired file. The
 * agent and the kubelet take their times from the same clock. Without one of its times, when the report was read.
 */
export function repairedAt({ remediation }: Situation): number | null {
  const times = remediation.status.repair?.times;
  const text = times?.restarted ?? times?.written ?? times?.decided;
  return text === undefined ? stepFinishedAt(remediation, 'Repair') : Date.parse(text);
}

/** What is waited for while a run has not ended, for the status. */
export function notYetStarted(
  what: 'repair Job' | 'rollback Job' | 'proof pod' | 'inspection',
  { remediation }: Situation,
  { blockedBy }: AgentRun,
): string {
  const where = `${what} on ${remediation.spec.node.name}`;
  return blockedBy === null
    ? `The ${where} was created.`
    : `The ${where} has not started yet: ${blockedBy.replace(/\.$/, '')}.`;
}
