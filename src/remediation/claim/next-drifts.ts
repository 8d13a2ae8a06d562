/** Which of the nodes that were found wrong become incidents now: a few at a time, what is nearest to a failure first. */
import { DRIFT_PLACES, type Drift } from '../../api/drift.ts';
import type { Mode } from '../../api/policy/approval.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';
import { type NodeNow, whyNotClaimed } from './claim.ts';

/** Each record holds up to 16 KiB of evidence, and a bad image may make thousands of nodes drift at once. */
export const MAX_OPEN_DRIFTS = 20;

/** As many plans as a person can answer in a day. They take no place from what may be repaired without one. */
export const MAX_AWAITING_APPROVAL = 100;

export interface WrongNode {
  readonly node: { readonly name: string; readonly uid: string };
  readonly nodeNow: NodeNow;
  /** Of the policy that decides about it. */
  readonly mode: Mode;
  readonly drift: Drift;
}

interface NextDrifts {
  readonly claimed: readonly WrongNode[];
  /** Found wrong too long ago, or before the last repair of the node ended: they are checked once more first. */
  readonly checkedAgain: readonly WrongNode[];
}

/**
 * @param wrong called only if there is room for one more: thousands may be wrong
 * @param now epoch milliseconds
 */
export function nextDrifts(
  wrong: () => readonly WrongNode[],
  remediations: readonly Remediation[],
  now: number,
): NextDrifts {
  const drifts = remediations.filter(
    ({ spec, status }) => spec.trigger === 'Drift' && !FINAL_PHASES.includes(status.phase),
  );
  const open = drifts.filter(({ status }) => status.phase !== 'AwaitingApproval');
  if (open.length >= MAX_OPEN_DRIFTS || drifts.length - open.length >= MAX_AWAITING_APPROVAL)
    return { claimed: [], checkedAgain: [] };
  const byNode = Map.groupBy(remediations, ({ spec }) => spec.node.uid);
  const claimed: WrongNode[] = [];
  const checkedAgain: WrongNode[] = [];
  for (const one of wrong().toSorted(byTurn)) {
    // One that is checked again keeps its place: it is nearer to a failure than those behind it.
    if (open.length + claimed.length + checkedAgain.length >= MAX_OPEN_DRIFTS) break;
    const { node, nodeNow, mode, drift } = one;
    const skip = whyNotClaimed({
      evidence: { trigger: 'Drift', drift },
      sawAt: Date.parse(drift.foundAt),
      node,
      mode,
      nodeNow,
      remediations: byNode.get(node.uid) ?? [],
      now,
    });
    if (skip === null) claimed.push(one);
    else if (skip.reason === 'EvidenceTooOld' || skip.reason === 'OlderThanLastRepair')
      checkedAgain.push(one);
  }
  return { claimed, checkedAgain };
}

const byTurn = (a: WrongNode, b: WrongNode): number =>
  DRIFT_PLACES.indexOf(a.drift.place) - DRIFT_PLACES.indexOf(b.drift.place) ||
  Date.parse(a.drift.foundAt) - Date.parse(b.drift.foundAt) ||
  (a.node.name < b.node.name ? -1 : 1);
