/** The repairs of one workload are one rollout: what belongs to it, and what went wrong in it. */
import type { PolicySpec } from '../../api/policy.ts';
import type { RemediationStatus, TakenBackBecause } from '../../api/remediation.ts';
import { takenBackIn } from '../facts.ts';
import type { Remediation } from '../world.ts';

/** A policy that was deleted and applied again has another uid, and is the same rollout nevertheless. */
export interface Rollout {
  readonly policyUID: string;
  readonly workload: Pick<PolicySpec['workload'], 'kind' | 'name'>;
}

export const rolloutOf = ({ spec }: Remediation): Rollout => ({
  policyUID: spec.policy.uid,
  workload: spec.settings.workload,
});

export function isPartOf({ spec }: Remediation, { policyUID, workload }: Rollout): boolean {
  const own = spec.settings.workload;
  return spec.policy.uid === policyUID || (own.kind === workload.kind && own.name === workload.name);
}

/** Stops all further repairs of its rollout until it is acknowledged: the next node would probably fare the same. */
export function isHalting(remediation: Remediation): boolean {
  return !remediation.acknowledged && wentWrong(remediation);
}

/** The repair changed the node, or may have, and not for the better. One that touched nothing says nothing of others. */
export function wentWrong({ spec, status, unreadable }: Remediation): boolean {
  // Another version wrote it, so what it did is not known.
  if (unreadable !== null) return true;
  // A rollback says nothing of what a repair does, however it ends.
  if (spec.trigger === 'Rollback') return false;
  switch (status.phase) {
    case 'RolledBack':
      return true;
    case 'Failed':
      // NotVerified: the node was repaired and proven, and no new DNS pod could be asked.
      return !['NodeGone', 'NotVerified'].includes(status.reason ?? '') && mayHaveTouched(status);
    default:
      return false;
  }
}

/** From what the record says was done, not from its reason. */
function mayHaveTouched(status: RemediationStatus): boolean {
  const has = (name: string) => status.steps.some((step) => step.name === name);
  const tookBack = (because: TakenBackBecause) => takenBackIn(status, because) !== null;
  // DNS pods were deleted, or DNS did not answer after all was done.
  if (status.deletedPods.length > 0 || has('Verify')) return true;
  const { repair } = status;
  if (repair) {
    const { kubelet } = repair;
    return !repair.nodeUnchanged || (kubelet !== undefined && (kubelet.restarts > 0 || !kubelet.active));
  }
  // Without a report: the agent may have worked, unless no container of its Job ever ran.
  if (!has('Repair')) return false;
  if (tookBack('Silent')) return true;
  return !tookBack('NeverStarted') && !tookBack('LastServingPod') && status.reason !== 'JobDidNotStart';
}

/** What became of a repair that went wrong. */
export function failureOf({ spec, status }: Remediation): string {
  const reason = status.reason ? ` (${status.reason})` : '';
  return `The repair of node ${spec.node.name} ended as ${status.phase}${reason}.`;
}
