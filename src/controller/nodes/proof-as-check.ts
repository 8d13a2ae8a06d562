/** The proof of a repair is a check of the node: what it has shown counts, and the node is not checked again at once. */
import { afterCheck, type KnownOfChecks } from '../../health/nodes/after-check.ts';
import { judge } from '../../health/nodes/judge.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import type { Remediation } from '../../remediation/world.ts';

/** What a node is now. Since a proof it may have become another one, which makes it due by that. */
export interface ProvenNode extends Pick<NodeFacts, 'bootID' | 'kubeletVersion' | 'osImage'> {
  /** Epoch milliseconds; null if it is not known. */
  readonly kubeletStartedAt: number | null;
}

/**
 * With the latest proof among the incidents of the node; unchanged if that is recorded already, or a later check is.
 *
 * @param isRecorded whether what was started at this time (epoch milliseconds), or later, is recorded
 */
export function withProof(
  known: KnownOfChecks,
  incidents: readonly Remediation[],
  node: ProvenNode,
  isRecorded: (startedAt: number) => boolean,
): KnownOfChecks {
  const [latest] = incidents
    .flatMap((one) => proofOf(one) ?? [])
    .toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  if (!latest) return known;
  const { report, startedAt, endedAt } = latest;
  // By the start: a check that ended later may have seen the node before the repair.
  const lastStart = Date.parse(known.check?.startedAt ?? '') || 0;
  if (Date.parse(startedAt) <= lastStart || isRecorded(Date.parse(startedAt))) return known;
  const { bootID, kubeletVersion, osImage, kubeletStartedAt } = node;
  const isOfThisKubelet = kubeletStartedAt !== null && kubeletStartedAt <= Date.parse(startedAt);
  const kubelet = isOfThisKubelet ? { kubeletStartedAt: isoTime(kubeletStartedAt) } : {};
  const ended = { startedAt, endedAt, why: 'Repaired', bootID, kubeletVersion, osImage, ...kubelet } as const;
  return afterCheck(known, ended, judge(report));
}

function proofOf({ status }: Remediation) {
  const { proof: report, steps } = status;
  const step = steps.find(({ name }) => name === 'Prove');
  return report && step?.finishedAt ? { report, startedAt: step.startedAt, endedAt: step.finishedAt } : null;
}
