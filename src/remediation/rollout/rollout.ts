/** The repairs of one workload are one rollout: what belongs to it, what halts it, and what shows that it works. */
import type { PolicySpec } from '../../api/policy.ts';
import type { RemediationStatus, TakenBackBecause } from '../../api/remediation.ts';
import { acknowledgeWith } from '../acknowledge-with.ts';
import { takenBackIn } from '../facts.ts';
import type { Remediation } from '../world.ts';

/** A repair that healed its node longer ago says little about the nodes of today. */
const CANARY_COUNTS_MS = 24 * 60 * 60_000;

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
function wentWrong({ status, unreadable }: Remediation): boolean {
  // Another version wrote it, so what it did is not known.
  if (unreadable !== null) return true;
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

/**
 * A repair with the same settings changed a node of the rollout and healed it, within the last day and since the last
 * repair that went wrong: others may run beside each other. An incident that found nothing to change shows nothing.
 */
export function canaryHealed(remediation: Remediation, all: readonly Remediation[], now: number): boolean {
  const rollout = rolloutOf(remediation);
  const own = all.filter((other) => isPartOf(other, rollout));
  const endOf = ({ status }: Remediation): number => Date.parse(status.finishedAt ?? '') || 0;
  const since = Math.max(now - CANARY_COUNTS_MS, ...own.filter(wentWrong).map(endOf));
  const settings = JSON.stringify(remediation.spec.settings.repair);
  return own.some(
    (other) =>
      other.status.phase === 'Healed' &&
      other.status.repair?.outcome === 'repaired' &&
      endOf(other) > since &&
      JSON.stringify(other.spec.settings.repair) === settings,
  );
}

export function haltedBy({ name, spec, status }: Remediation): string {
  const reason = status.reason ? ` (${status.reason})` : '';
  return `The repair of node ${spec.node.name} ended as ${status.phase}${reason}. Further repairs are paused until its remediation is acknowledged: ${acknowledgeWith(name)}.`;
}
