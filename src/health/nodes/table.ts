/** The table of all nodes: what is kept of each one, and what the status of a policy shows of them together. Pure. */
import { type FilesReason, filesReason, type NodeCheckRecord } from '../../api/node-check-record.ts';
import type { NodeConditionReason } from '../../api/node-condition.ts';
import {
  MAX_FILES_DIFFER,
  MAX_FILES_MESSAGE,
  MAX_NODE_MESSAGE,
  MAX_NOT_PROVEN,
  type NodesStatus,
} from '../../api/nodes-status.ts';

/** Small, because there may be thousands. */
export interface NodeRow {
  /** What its last check has shown; null if it was not checked, or that check says nothing about it any more. */
  readonly verdict: 'proven' | 'drifted' | null;
  /** null: there is nothing that needs to be said, because the node is well or was never checked. */
  readonly notProven: {
    readonly reason: NodeConditionReason;
    readonly message: string;
    readonly since: string;
  } | null;
  /** Of a node that is proven: what the next start of its kubelet would change; null: nothing that is known. */
  readonly filesDiffer: {
    readonly reason: FilesReason;
    readonly message: string;
    readonly inspectedAt: string;
  } | null;
}

/** @param record null: the node was never checked, or its record cannot be read */
export function nodeRow(record: NodeCheckRecord | null): NodeRow {
  if (!record) return { verdict: null, notProven: null, filesDiffer: null };
  const { reason, message, since } = record.condition;
  const isCurrent = reason !== 'NotChecked' && reason !== 'CheckFailed';
  return {
    verdict: (isCurrent && record.found?.verdict) || null,
    notProven: reason === 'Proven' ? null : { reason, message: cut(message, MAX_NODE_MESSAGE), since },
    filesDiffer: reason === 'Proven' ? differenceIn(record.files) : null,
  };
}

function differenceIn(files: NodeCheckRecord['files']): NodeRow['filesDiffer'] {
  const reason = files && filesReason(files.verdict);
  return reason ? { reason, message: cut(files.message, MAX_FILES_MESSAGE), inspectedAt: files.at } : null;
}

/**
 * @param rows by name of the node: every node that DNS pods could run on, and that the policy covers
 * @param notCovered number of nodes that no policy covers
 */
export function nodesStatus(rows: ReadonlyMap<string, NodeRow>, notCovered = 0): NodesStatus {
  let proven = 0;
  let drifted = 0;
  const listed: Listed[] = [];
  const filesDiffer: NodesStatus['filesDiffer'] = [];
  // One pass without a copy: after each check of a node, all of them are counted.
  for (const [node, row] of rows) {
    if (row.verdict === 'proven') proven += 1;
    if (row.verdict === 'drifted') drifted += 1;
    if (row.notProven) listed.push({ node, ...row.notProven });
    if (row.filesDiffer) filesDiffer.push({ node, ...row.filesDiffer });
  }
  const checked = proven + drifted;
  return {
    total: rows.size,
    checked,
    proven,
    drifted,
    summary: `${checked}/${rows.size}`,
    notProven: listed.toSorted(byUrgency).slice(0, MAX_NOT_PROVEN),
    filesDiffer: filesDiffer.toSorted(byDanger).slice(0, MAX_FILES_DIFFER),
    ...(notCovered > 0 && { notCovered }),
  };
}

/** Whether a node went wrong, came to need someone, or recovered: all but checks that went well or failed. */
export function isUrgent(before: NodesStatus | null, after: NodesStatus): boolean {
  const found = ({ notProven, filesDiffer }: NodesStatus): string =>
    [
      ...notProven.filter(({ reason }) => ORDER.indexOf(reason) < ORDER.indexOf('CheckFailed')),
      ...filesDiffer,
    ]
      .map(({ node, reason }) => `${node} ${reason}`)
      .join();
  return !before || before.drifted !== after.drifted || found(before) !== found(after);
}

/** Those that wait for someone come first. */
const ORDER: readonly string[] = [
  'RolledBack',
  'RepairFailed',
  'RepairRefused',
  'Drifted',
  'AwaitingApproval',
  'Repairing',
  'CheckFailed',
  'NotChecked',
] satisfies readonly Exclude<NodeConditionReason, 'Proven'>[];

type Listed = NodesStatus['notProven'][number];
type DifferingFile = NodesStatus['filesDiffer'][number];

const byUrgency = (a: Listed, b: Listed): number =>
  ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason) ||
  Date.parse(a.since) - Date.parse(b.since) ||
  (a.node < b.node ? -1 : 1);

/** The file that would make CoreDNS loop comes first. */
const byDanger = (a: DifferingFile, b: DifferingFile): number =>
  (a.reason === b.reason ? 0 : a.reason === 'PendingInFile' ? -1 : 1) || (a.node < b.node ? -1 : 1);

const cut = (message: string, length: number): string =>
  message.length <= length ? message : `${message.slice(0, length - 1)}…`;
