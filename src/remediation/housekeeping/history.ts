/** How much history is kept: ended remediations beyond the newest of a policy are deleted, unless one is still needed. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import { isHalting, isPartOf, type Rollout } from '../rollout/rollout.ts';
import type { Remediation } from '../world.ts';

/** Evidence of a crash is at most ten minutes old, and must still meet the record of that crash. */
const YOUNG_MS = 60 * 60_000;

interface History {
  readonly remediations: readonly Remediation[];
  readonly rollout: Rollout;
  /** As many as `limits.history` of the policy says. */
  readonly keep: number;
  /** UIDs of the DNS pods that exist. */
  readonly pods: ReadonlySet<string>;
  readonly now: number;
}

/** The ended remediations of a policy to delete, oldest first. */
export function outdated({ remediations, rollout, keep, pods, now }: History): readonly Remediation[] {
  const ended = remediations
    .filter((one) => isPartOf(one, rollout) && FINAL_PHASES.includes(one.status.phase))
    .toSorted((a, b) => endOf(a) - endOf(b));
  return ended
    .slice(0, Math.max(0, ended.length - keep))
    .filter((one) => now - endOf(one) >= YOUNG_MS && !isNeeded(one, pods));
}

function isNeeded(remediation: Remediation, pods: ReadonlySet<string>): boolean {
  const { spec, status, acknowledged } = remediation;
  if (status.quarantine?.heldSince !== undefined || status.hold === 'Restore') return true;
  if (isHalting(remediation)) return true;
  // It keeps its pod, which may still crash, from a second repair in vain.
  const needsSomeone =
    status.phase === 'Refused' || status.phase === 'RolledBack' || status.phase === 'Failed';
  const pod = podOf(spec);
  // Of a drift it keeps the node, which is checked again, from a second repair in vain.
  return needsSomeone && !acknowledged && (pod === null || pods.has(pod.uid));
}

const endOf = ({ createdAt, status }: Remediation): number =>
  Date.parse(status.finishedAt ?? '') || createdAt;
