/** What is said of a node in its condition: from its last checks, its incidents, and what may be repaired. Pure. */
import { filesReason, type NodeCheckRecord } from '../../api/node-check-record.ts';
import type { NodeCondition, NodeConditionReason } from '../../api/node-condition.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { isOfFileAlone, isPlanOnRequest } from '../facts.ts';
import { leftToSomeone } from '../left-to-someone.ts';
import type { Remediation } from '../world.ts';

/** One check that fails, or two, may be the network's fault. */
export const FAILURES_THAT_COUNT = 3;

/** What a check or a repair says of itself may be a page long, and every reader of the node is sent it. */
const LONGEST_MESSAGE = 1024;

export interface KnownOfNode extends Pick<NodeCheckRecord, 'found' | 'failures' | 'provenAt' | 'files'> {
  readonly check?: Pick<NonNullable<NodeCheckRecord['check']>, 'outcome' | 'problem'> | undefined;
  /** Incidents of this node, by uid. */
  readonly incidents: readonly Remediation[];
  /** Why nobody would repair the node, as a sentence; null if the policy does. */
  readonly notRepaired: string | null;
  /** What happened to the node since its last check, as a sentence, where that was too long ago; null: nothing. */
  readonly outdated: string | null;
}

/** null: nothing is known, and nothing is said. */
export function conditionOf(all: KnownOfNode): NodeCondition | null {
  // New pods are right while a file is corrected that the running kubelet has not read, and whatever comes of that. A
  // plan that a person asked for says nothing of the node.
  const known = {
    ...all,
    incidents: all.incidents.filter((one) => !isOfFileAlone(one) && !isPlanOnRequest(one)),
  };
  const { found, failures, incidents, notRepaired, outdated, files } = known;
  const open = incidents.find(({ status }) => !FINAL_PHASES.includes(status.phase));
  if (open) {
    const reason = open.status.phase === 'AwaitingApproval' ? 'AwaitingApproval' : 'Repairing';
    return says(reason, underRepair(open), given(found));
  }
  const left = leftOver(known);
  if (left)
    return says(left.reason, `${left.why} See \`kubectl describe dnsrem ${left.name}\`.`, given(found));
  if (failures >= FAILURES_THAT_COUNT)
    return says(
      'CheckFailed',
      `The last ${failures} checks of this node failed: ${known.check?.problem ?? 'no reason is recorded.'}`,
      given(found, 'Before, new pods were given'),
    );
  if (outdated !== null) return says('NotChecked', outdated, given(found, 'Before, new pods were given'));
  if (!found) return null;
  if (found.verdict === 'proven')
    return says('Proven', given(found), 'DNS works with that.', differenceIn(files));
  const meaning = 'A CoreDNS pod that is created here forwards queries to itself.';
  return notRepaired === null
    ? says('Repairing', given(found), meaning, correctedIn(files), 'Its repair has not begun yet.')
    : says('Drifted', given(found), meaning, correctedIn(files), notRepaired);
}

function says(reason: NodeConditionReason, ...sentences: readonly string[]): NodeCondition {
  const message = sentences.filter((one) => one !== '').join(' ');
  const isLong = message.length > LONGEST_MESSAGE;
  return { reason, message: isLong ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message };
}

/** Not what it waits for: that changes with the work on other nodes, and each change would be a write. */
function underRepair({ name, spec, status }: Remediation): string {
  if (spec.trigger === 'Rollback') return `DNSRemediation ${name} takes an earlier repair of this node back.`;
  switch (status.phase) {
    case 'Pending':
      return `DNSRemediation ${name} waits for its turn to repair this node.`;
    case 'Planning':
      return `DNSRemediation ${name} inspects this node for the plan of its repair.`;
    case 'AwaitingApproval':
      return `DNSRemediation ${name} waits for an approval of its plan to repair this node: \`kubectl dnshealth approve ${name}\`, or \`reject\`.`;
    default:
      return `DNSRemediation ${name} repairs this node.`;
  }
}

function given(found: NodeCheckRecord['found'], beginning = 'New pods are given'): string {
  if (!found) return '';
  const servers = found.nameservers.length === 0 ? 'no nameserver' : found.nameservers.join(', ');
  return `${beginning} ${servers} (class ${found.class}).`;
}

/** What the next start of the kubelet would change. */
const differenceIn = (files: NodeCheckRecord['files']): string =>
  files && filesReason(files.verdict) ? files.message : '';

/** Only that: a file that was found wrong beside a kubelet that was right says nothing of one that is wrong by now. */
const correctedIn = (files: NodeCheckRecord['files']): string =>
  files?.verdict === 'right-in-file' ? files.message : '';

const LEFT = {
  Refused: ['RepairRefused', 'was refused'],
  Failed: ['RepairFailed', 'failed'],
  RolledBack: ['RolledBack', 'was rolled back'],
} as const;

/**
 * The repair that keeps the operator from repairing the node again, unless a check has found the node well since: a
 * rollback halts repairs even then, and the node works.
 */
function leftOver({ incidents, found, provenAt }: KnownOfNode): {
  readonly name: string;
  readonly reason: NodeConditionReason;
  readonly why: string;
} | null {
  const left = leftToSomeone(incidents, provenAt);
  if (!left) return null;
  const { phase, message, finishedAt } = left.status;
  const isWell = found?.verdict === 'proven' && Date.parse(found.at) > Date.parse(finishedAt ?? '');
  if (isWell || !(phase === 'Refused' || phase === 'Failed' || phase === 'RolledBack')) return null;
  const [reason, how] = LEFT[phase];
  return { name: left.name, reason, why: `The repair of this node ${how}${message ? `: ${message}` : '.'}` };
}
