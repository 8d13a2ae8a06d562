/** Edited but not restarted: when the files of a node's kubelet are inspected, and what an inspection has shown. Pure. */
import type { InspectReport } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import type { Drift } from '../../api/drift.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { verdictOn } from '../../diagnosis/compared-files.ts';

type Files = NonNullable<NodeCheckRecord['files']>;

/**
 * With each check at the interval, once that has found the running kubelet right: of one that is wrong, the repair tells
 * the same. Once more where what was found is too old to act on, and at once where it was never done.
 */
export function isInspectionDue(record: NodeCheckRecord | null): boolean {
  const { check, found, files } = record ?? {};
  if (check?.outcome !== 'proven' || found?.verdict !== 'proven') return false;
  if (!files) return true;
  const isOlder = Date.parse(files.at) < Date.parse(check.endedAt);
  return isOlder && (check.why === 'Interval' || check.why === 'Drifted');
}

/** How an inspection ended: with a report, or why without one. */
export type InspectionEnd =
  | { readonly kind: 'reported'; readonly report: InspectReport }
  | { readonly kind: 'failed'; readonly problem: string };

/** @param read `at`: RFC 3339; `nonce`: of the inspection */
export function afterInspection(
  before: Files | undefined,
  end: InspectionEnd,
  read: Pick<Files, 'at' | 'nonce'>,
): Files {
  const rightAt = before?.rightAt === undefined ? {} : { rightAt: before.rightAt };
  if (end.kind === 'failed' || !end.report.compared)
    return {
      ...read,
      verdict: 'unclear',
      message: end.kind === 'failed' ? end.problem : end.report.message,
      ...rightAt,
    };
  const { compared, effective, message } = end.report;
  const verdict = verdictOn(compared);
  const file = effective && {
    file: { ...placeIn(effective.source, compared.changed), value: effective.value },
  };
  switch (verdict) {
    case 'both-right':
      return {
        ...read,
        verdict,
        message: 'The files of the kubelet and the running kubelet are right.',
        rightAt: read.at,
      };
    case 'wrong-in-file':
    case 'right-in-file':
      return { ...read, verdict, message: WORDS[verdict](effective), ...file, ...rightAt };
    case 'both-wrong':
    case 'unclear':
      return { ...read, verdict, message, ...rightAt };
    default:
      return assertNever(verdict);
  }
}

type Effective = InspectReport['effective'];
const where = (effective: Effective): string => effective?.source ?? 'The configuration of the kubelet';
const what = (effective: Effective): string => effective?.value || 'no file';

const WORDS = {
  'wrong-in-file': (effective: Effective) =>
    `${where(effective)} sets resolvConf to ${what(effective)}, with which CoreDNS forwards queries to itself. The running kubelet does not use it yet: it takes effect when the kubelet is next started.`,
  'right-in-file': (effective: Effective) =>
    `${where(effective)} sets resolvConf to ${what(effective)}, which is right but not yet in effect: the kubelet has not been restarted since. To apply it: \`systemctl restart kubelet\` on the node.`,
};

/** From the words of `describeSource`; of a default, the file that was changed. */
function placeIn(
  source: string,
  changed: readonly string[],
): { readonly path: string; readonly line?: number } {
  const [, path, line] = /(\/[^\s:]+)(?::(\d+))?$/.exec(source) ?? [];
  return { path: path ?? changed[0] ?? source, ...(line !== undefined && { line: Number(line) }) };
}

/** The evidence of an incident; null unless the files are wrong under a kubelet that is right. */
export function pendingDrift(
  { check, files }: Pick<NodeCheckRecord, 'check' | 'files'>,
  place: Drift['place'],
): Drift | null {
  if (files?.verdict !== 'wrong-in-file' || !files.file) return null;
  return {
    kind: 'PendingInFile',
    file: { ...files.file, message: files.message },
    why: check?.why ?? 'Interval',
    ...(check?.kubeletStartedAt !== undefined && { kubeletStartedAt: check.kubeletStartedAt }),
    // For a file, that is when it was last found right.
    ...(files.rightAt !== undefined && { provenAt: files.rightAt }),
    place,
    foundAt: files.at,
  };
}
