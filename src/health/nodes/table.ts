/** The table of all nodes: what is kept of each one, and what the status of a policy shows of them together. Pure. */
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import type { NodeConditionReason } from '../../api/node-condition.ts';
import { MAX_NODE_MESSAGE, MAX_NOT_PROVEN, type NodesStatus } from '../../api/nodes-status.ts';

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
}

/** @param record null: the node was never checked, or its record cannot be read */
export function nodeRow(record: NodeCheckRecord | null): NodeRow {
  if (!record) return { verdict: null, notProven: null };
  const { reason, message, since } = record.condition;
  const isCurrent = reason !== 'NotChecked' && reason !== 'CheckFailed';
  return {
    verdict: (isCurrent && record.found?.verdict) || null,
    notProven: reason === 'Proven' ? null : { reason, message: cut(message), since },
  };
}

/** @param rows by name of the node: every node that DNS pods could run on */
export function nodesStatus(rows: ReadonlyMap<string, NodeRow>): NodesStatus {
  let proven = 0;
  let drifted = 0;
  const listed: Listed[] = [];
  // One pass without a copy: after each check of a node, all of them are counted.
  for (const [node, { verdict, notProven }] of rows) {
    if (verdict === 'proven') proven += 1;
    if (verdict === 'drifted') drifted += 1;
    if (notProven) listed.push({ node, ...notProven });
  }
  const checked = proven + drifted;
  return {
    total: rows.size,
    checked,
    proven,
    drifted,
    summary: `${checked}/${rows.size}`,
    notProven: listed.toSorted(byUrgency).slice(0, MAX_NOT_PROVEN),
  };
}

/** Whether a node went wrong, came to need someone, or recovered: all but checks that went well or failed. */
export function isUrgent(before: NodesStatus | null, after: NodesStatus): boolean {
  const found = ({ notProven }: NodesStatus): string =>
    notProven
      .filter(({ reason }) => ORDER.indexOf(reason) < ORDER.indexOf('CheckFailed'))
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

const byUrgency = (a: Listed, b: Listed): number =>
  ORDER.indexOf(a.reason) - ORDER.indexOf(b.reason) ||
  Date.parse(a.since) - Date.parse(b.since) ||
  (a.node < b.node ? -1 : 1);

const cut = (message: string): string =>
  message.length <= MAX_NODE_MESSAGE ? message : `${message.slice(0, MAX_NODE_MESSAGE - 1)}…`;
