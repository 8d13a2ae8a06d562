/** What a change of the record tells people: events on the policy, the node and the pod, in the words of this project. */
import type { Observation } from '../api/policy.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import type { Diagnosis } from '../diagnosis/diagnose.ts';
import type { Remediation } from './world.ts';

export interface EventIntent {
  readonly about: readonly ('policy' | 'node' | 'pod')[];
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was done, as events.k8s.io wants it. */
  readonly action: string;
  readonly note: string;
}

/** A container death that was seen for the first time. */
export function sightingEvent(
  diagnosis: Diagnosis,
  { pod, node, message, advice }: Observation,
): EventIntent {
  return {
    // A crash that the node did not cause is no news for the node.
    about: diagnosis.remedy.kind === 'repair' ? ['policy', 'node', 'pod'] : ['policy', 'pod'],
    type: 'Warning',
    reason: diagnosis.kind === 'loop' ? 'LoopDetected' : diagnosis.cause,
    action: 'Sight',
    note: `${pod} on ${node}: ${message}${advice === undefined ? '' : ` Advice: ${advice}`}`,
  };
}

/** The events that lie between two states of one remediation's status. */
export function eventsBetween(
  before: RemediationStatus,
  after: RemediationStatus,
  { name, spec }: Pick<Remediation, 'name' | 'spec'>,
): readonly EventIntent[] {
  const events: EventIntent[] = [];
  const node = spec.node.name;
  const held = (status: RemediationStatus) => status.quarantine?.heldSince !== undefined;
  const stepBegan = (step: string) =>
    !before.steps.some((other) => other.name === step) && after.steps.some((other) => other.name === step);

  if (!held(before) && held(after)) {
    const note =
      after.hold === 'Held'
        ? `${name}: node ${node} is in quarantine again, because the repair could not be verified`
        : `${name}: node ${node} is in quarantine (${after.quarantine?.strategy}) while its kubelet is repaired`;
    events.push({
      about: ['policy', 'node'],
      type: 'Normal',
      reason: 'Quarantined',
      action: 'Quarantine',
      note,
    });
  }
  if (stepBegan('Repair'))
    events.push({
      about: ['node'],
      type: 'Normal',
      reason: 'RepairStarted',
      action: 'Repair',
      note: `${name}: the agent inspects the kubelet of ${node}`,
    });
  if (!before.repair && after.repair) {
    const good = after.repair.outcome === 'repaired' || after.repair.outcome === 'already-right';
    events.push({
      about: ['policy', 'node'],
      type: good ? 'Normal' : 'Warning',
      reason: good ? 'KubeletRepaired' : after.repair.reason,
      action: 'Repair',
      note: `${name}: ${after.repair.message}`,
    });
  }
  if (!before.proof && after.proof)
    events.push({
      about: ['node'],
      type: after.proof.outcome === 'proven' ? 'Normal' : 'Warning',
      reason: after.proof.outcome === 'proven' ? 'NodeProven' : after.proof.reason,
      action: 'Prove',
      note: `${name}: ${after.proof.message}`,
    });
  if (held(before) && !held(after))
    events.push({
      about: ['policy', 'node'],
      type: 'Normal',
      reason: 'Released',
      action: 'Release',
      note: `${name}: node ${node} is given back as it was found`,
    });
  if (after.deletedPods.length > before.deletedPods.length)
    events.push({
      about: ['pod'],
      type: 'Normal',
      reason: 'Recreated',
      action: 'Recreate',
      note: `${name}: deleted, so that its workload makes a pod with the repaired resolv.conf`,
    });
  if (before.finishedAt === undefined && after.finishedAt !== undefined)
    events.push({
      about: ['policy', 'node'],
      type: after.phase === 'Healed' || after.phase === 'Cancelled' ? 'Normal' : 'Warning',
      reason: after.phase,
      action: 'Record',
      note: `${name}: ${after.message ?? after.phase}${after.advice ? ` Advice: ${after.advice}` : ''}`,
    });
  if (after.phase === 'Pending' && after.reason !== undefined && after.reason !== before.reason)
    events.push({
      about: ['policy', 'node'],
      type: 'Normal',
      reason: after.reason,
      action: 'Wait',
      note: `${name}: ${after.message ?? ''}`,
    });
  return events;
}
