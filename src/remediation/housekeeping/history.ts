/** How much history is kept: ended remediations beyond the number and the age of a policy are deleted, unless one is still needed. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import { isPlanOnRequest } from '../facts.ts';
import { isHalting } from '../rollout/rollout.ts';
import type { Remediation } from '../world.ts';

/** Evidence of a crash is at most ten minutes old, and must still meet the record of that crash. */
const YOUNG_MS = 60 * 60_000;
/** What limits the repairs of a day is read from their records. */
const COUNTS_MS = 24 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

interface History {
  /** Those of the policy, and of no other. */
  readonly remediations: readonly Remediation[];
  /** `limits.history` and `limits.historyDays` of the policy. */
  readonly keep: { readonly history: number; readonly historyDays: number };
  /** UIDs of the DNS pods that exist. */
  readonly pods: ReadonlySet<string>;
  /** UIDs of the nodes that exist. */
  readonly nodes: ReadonlySet<string>;
  readonly now: number;
}

/** The ended remediations of a policy to delete, oldest first. */
export function outdated({ remediations, keep, pods, nodes, now }: History): readonly Remediation[] {
  const ended = remediations
    .filter(({ status }) => FINAL_PHASES.includes(status.phase))
    .toSorted((a, b) => endOf(a) - endOf(b));
  const surplus = ended.length - keep.history;
  const lastOfNodes = new Set(new Map(ended.map((one) => [one.spec.node.uid, one.uid])).values());
  return ended.filter(
    (one, index) =>
      (index < surplus || now - endOf(one) > keep.historyDays * DAY_MS) &&
      now - endOf(one) >= (mayCount(one) ? COUNTS_MS : YOUNG_MS) &&
      // A node that is gone has no history of its own any more; names and uids of new ones never end.
      !(lastOfNodes.has(one.uid) && nodes.has(one.spec.node.uid)) &&
      !isNeeded(one, pods),
  );
}

/** A repair began. One that only waited, or was only planned, counts for no limit. */
const mayCount = ({ status }: Remediation): boolean =>
  status.steps.some(({ name }) => name === 'Quarantine' || name === 'Repair');

function isNeeded(remediation: Remediation, pods: ReadonlySet<string>): boolean {
  const { spec, status, acknowledged } = remediation;
  if (status.quarantine?.heldSince !== undefined || status.hold === 'Restore') return true;
  if (isHalting(remediation)) return true;
  // It keeps its pod, which may still crash, from a second repair in vain.
  const needsSomeone =
    status.phase === 'Refused' || status.phase === 'RolledBack' || status.phase === 'Failed';
  const pod = podOf(spec);
  // Of a drift it keeps the node, which is checked again, from a second repair in vain.
  return (
    needsSomeone && !acknowledged && !isPlanOnRequest(remediation) && (pod === null || pods.has(pod.uid))
  );
}

const endOf = ({ createdAt, status }: Remediation): number =>
  Date.parse(status.finishedAt ?? '') || createdAt;
