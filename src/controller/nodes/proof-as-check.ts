/** The proof of a repair is a check of the node: what it has shown counts, and the node is not checked again at once. */
import { afterCheck, type KnownOfChecks } from '../../health/nodes/after-check.ts';
import { judge } from '../../health/nodes/judge.ts';
import type { Remediation } from '../../remediation/world.ts';

/** With the latest proof among the incidents of the node, if it is later than the last check; otherwise unchanged. */
export function withProof(known: KnownOfChecks, incidents: readonly Remediation[]): KnownOfChecks {
  const lastEnd = Date.parse(known.check?.endedAt ?? '') || 0;
  const [latest] = incidents
    .flatMap((one) => proofOf(one) ?? [])
    .filter(({ ended }) => Date.parse(ended.endedAt) > lastEnd)
    .toSorted((a, b) => Date.parse(b.ended.endedAt) - Date.parse(a.ended.endedAt));
  return latest ? afterCheck(known, latest.ended, judge(latest.report)) : known;
}

function proofOf({ spec, status }: Remediation) {
  const { proof: report, steps } = status;
  const step = steps.find(({ name }) => name === 'Prove');
  const node = spec.evidence?.node;
  if (!report || !step?.finishedAt || !node) return null;
  const { bootID, kubeletVersion, osImage } = node;
  const ended = { startedAt: step.startedAt, endedAt: step.finishedAt, why: 'Repaired' } as const;
  return { report, ended: { ...ended, bootID, kubeletVersion, osImage } };
}
