/** What is known of a node after a check: what it has shown, or that it failed once more. */
import type { CheckReason } from '../../api/drift.ts';
import { CHECK_RECORD_VERSION, type NodeCheckRecord } from '../../api/node-check-record.ts';
import { isNewStart } from './due.ts';
import type { Judgement } from './judge.ts';

/** All but what is said of it. */
export type KnownOfChecks = Omit<NodeCheckRecord, 'condition'>;

export const NOTHING_KNOWN: KnownOfChecks = { version: CHECK_RECORD_VERSION, failures: 0 };

/** A check that ended; times in RFC 3339. */
export interface EndedCheck {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly why: CheckReason;
  readonly bootID: string;
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly kubeletStartedAt?: string | undefined;
}

export function afterCheck(before: KnownOfChecks, ended: EndedCheck, judgement: Judgement): KnownOfChecks {
  const { startedAt, endedAt, why, bootID, kubeletVersion, osImage, kubeletStartedAt } = ended;
  const check = {
    startedAt,
    endedAt,
    why,
    bootID,
    kubeletVersion,
    osImage,
    ...(kubeletStartedAt !== undefined && { kubeletStartedAt }),
    outcome: judgement.kind,
  };
  const { found, provenAt } = before;
  // A kubelet that was started since has read its files.
  const files = before.files && isSameKubelet(before.check, ended) ? { files: before.files } : {};
  const proven = provenAt === undefined ? {} : { provenAt };
  if (judgement.kind === 'failed') {
    // Of a kubelet that was started since, nothing is known.
    const kept = found && isSameKubelet(before.check, ended) ? { found } : {};
    return {
      version: CHECK_RECORD_VERSION,
      check: { ...check, problem: judgement.problem },
      ...kept,
      failures: before.failures + 1,
      ...proven,
      ...files,
    };
  }
  const { file, kind } = judgement;
  return {
    version: CHECK_RECORD_VERSION,
    check,
    found: { verdict: kind, class: file.class, nameservers: [...file.nameservers], at: endedAt },
    failures: 0,
    ...(kind === 'proven' ? { provenAt: endedAt } : proven),
    ...files,
  };
}

function isSameKubelet(last: NodeCheckRecord['check'], ended: EndedCheck): boolean {
  return (
    last !== undefined &&
    last.bootID === ended.bootID &&
    last.kubeletVersion === ended.kubeletVersion &&
    !isNewStart(ended.kubeletStartedAt === undefined ? null : Date.parse(ended.kubeletStartedAt), last)
  );
}
