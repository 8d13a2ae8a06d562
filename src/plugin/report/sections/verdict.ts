/** The head of the page: one sentence that says what broke, where, what was done, and whether it is over; and the badge. */
import { assertNever } from '../../../api/assert-never.ts';
import type { Phase } from '../../../api/remediation.ts';
import { podOf } from '../../../api/trigger.ts';
import { isOfFileAlone } from '../../../remediation/facts.ts';
import {
  duration,
  hasChanged,
  isOver,
  isProofEnough,
  plural,
  secondsSinceStart,
  verifiedAt,
} from '../facts.ts';
import { type Badge, code, type Line, line, prose } from '../page.ts';
import type { StoredRecord } from '../record.ts';

const OPEN: Badge = { text: 'Under repair', tone: 'open' };

const BADGES: Readonly<Record<Phase, Badge>> = {
  Pending: { text: 'Waiting to begin', tone: 'open' },
  Planning: { text: 'Being inspected', tone: 'open' },
  AwaitingApproval: { text: 'Waiting for an approval', tone: 'open' },
  Quarantining: OPEN,
  Repairing: OPEN,
  Proving: OPEN,
  Releasing: OPEN,
  Recreating: OPEN,
  Verifying: OPEN,
  RollingBack: { text: 'Being rolled back', tone: 'open' },
  Healed: { text: 'Healed: it is over', tone: 'good' },
  Planned: { text: 'Planned: nothing was changed', tone: 'good' },
  Refused: { text: 'Refused: needs an administrator', tone: 'bad' },
  RolledBack: { text: 'Rolled back: needs an administrator', tone: 'bad' },
  Failed: { text: 'Failed: needs an administrator', tone: 'bad' },
  Expired: { text: 'Expired: nobody approved the plan', tone: 'bad' },
  Superseded: { text: 'Superseded: another record took its place', tone: 'open' },
  Cancelled: { text: 'Cancelled: nothing was repaired', tone: 'open' },
};

/** Of an end that a person wanted: nobody has to do anything. */
const AS_ASKED: Readonly<Record<string, Badge>> = {
  Rejected: { text: 'Rejected: nothing was changed', tone: 'open' },
  RolledBackOnRequest: { text: 'Rolled back, as someone asked', tone: 'good' },
};

export function badgeOf({ status }: StoredRecord): Badge {
  const asAsked = isOver({ status }) ? AS_ASKED[status.reason ?? ''] : undefined;
  if (asAsked) return asAsked;
  if (status.rolledBackBy !== undefined) return { text: 'Healed, and taken back later', tone: 'open' };
  if (status.nextAttempt !== undefined) return { text: 'Waiting for the next attempt', tone: 'open' };
  return BADGES[status.phase];
}

export function sentenceOf(record: StoredRecord): Line {
  return [...whatBroke(record), ...whatWasDone(record), ...whatPeopleDid(record)];
}

function whatPeopleDid({ status: { rolledBackBy } }: StoredRecord): Line {
  return rolledBackBy === undefined ? [] : line` It was taken back later, by ${code(rolledBackBy)}.`;
}

function whatBroke(record: StoredRecord): Line {
  const { spec } = record;
  const pod = podOf(spec);
  if (spec.trigger === 'Request')
    return line`${code(spec.request.by)} asked what a repair would do to ${code(spec.node.name)}`;
  if (spec.trigger === 'Rollback')
    return line`${code(spec.rollback.by)} asked to take the repair ${code(spec.rollback.of.name)} of ${code(spec.node.name)} back`;
  if (spec.trigger === 'Drift' && spec.drift.file)
    return line`The kubelet configuration of ${code(spec.node.name)} was found wrong while the running kubelet was right: ${code(spec.drift.file.path)} set resolvConf to ${code(spec.drift.file.value)}`;
  if (!pod)
    return line`The kubelet of ${code(spec.node.name)} was found wrong before a DNS pod failed${because(record, 'it')}`;
  const where = line`CoreDNS in ${code(pod.name)} on ${code(spec.node.name)} forwarded queries to itself`;
  const how = spec.trigger === 'Crash' ? 'crashed' : 'answered for no external name';
  return line`${where} and ${how}${because(record)}`;
}

/** As far as the agent, or else a check of the node, has seen the file. */
function because({ spec, status }: StoredRecord, kubelet = 'the kubelet'): Line {
  const { outcome, reason } = status.repair ?? {};
  const checked = spec.trigger === 'Drift' ? spec.drift.check?.resolvConf : undefined;
  const current = status.repair?.current ?? checked;
  if (outcome === 'already-right' || reason === 'CurrentIsUsable')
    return [', because it was given its resolv.conf before the kubelet was configured correctly'];
  if (!current || current.class === 'ok' || current.nameservers.length === 0) return [];
  return line`, because ${kubelet} gave its pods ${code(current.path)} with the nameserver ${code(current.nameservers.join(', '))}`;
}

function whatWasDone(record: StoredRecord): Line {
  const { status } = record;
  switch (status.phase) {
    case 'Healed':
      // Nothing was broken yet, so there is no DNS to verify.
      if (isOfFileAlone(record)) return line`; ${repairOf(record)}. It is over.`;
      return line`; ${repairOf(record)}, and ${verifiedAfter(record)}. It is over.`;
    case 'Refused':
      if (status.reason === 'Rejected')
        return line`; the plan was rejected, and nothing was changed: ${reasonOf(record)}`;
      return line`; the operator changed nothing on the node. It is not over: ${reasonOf(record)}`;
    case 'RolledBack':
      if (status.reason === 'RolledBackOnRequest')
        return line`; the file has its old content again, and the node is left alone from now on. It is over.`;
      return line`; the change was undone, and the kubelet runs with its old configuration. It is not over: ${reasonOf(record)}`;
    case 'Failed':
      return line`; the repair failed${hasChanged(record) ? ' after one line had been changed on the node' : ''}. It is not over: ${reasonOf(record)}`;
    case 'Cancelled':
      return line`; the operator repaired nothing: ${reasonOf(record)}`;
    case 'Planned':
      return line`; the operator planned a repair and changed nothing: ${reasonOf(record)}`;
    case 'Expired':
      return line`; nobody approved the plan in time, and nothing was changed. It is not over: ${reasonOf(record)}`;
    case 'Superseded':
      return line`; another record took its place: ${reasonOf(record)}`;
    case 'RollingBack':
      return line`; the old content of the file is being restored. It is not over: ${reasonOf(record)}`;
    case 'Planning':
    case 'AwaitingApproval':
    case 'Pending':
      return line`; nothing was changed yet. It is not over: ${reasonOf(record)}`;
    case 'Quarantining':
    case 'Repairing':
    case 'Proving':
    case 'Releasing':
    case 'Recreating':
    case 'Verifying':
      return line`; ${hasChanged(record) ? repairOf(record) : 'nothing was changed yet'}. It is not over: the repair is in the phase ${status.phase}.`;
    default:
      return assertNever(status.phase);
  }
}

function repairOf({ status }: StoredRecord): Line {
  const { change, kubelet } = status.repair ?? {};
  if (!change) {
    return [status.deletedPods.length > 0 ? 'the DNS pod was recreated' : 'nothing was changed'];
  }
  const restarts = kubelet?.restarts ?? 0;
  const how =
    restarts === 0 ? 'not restarted' : `restarted ${restarts === 1 ? 'once' : plural(restarts, 'time')}`;
  return line`one line of ${code(change.path)} was changed, the kubelet was ${how}`;
}

function verifiedAfter(record: StoredRecord): Line {
  const seconds = secondsSinceStart(record, verifiedAt(record));
  if (isProofEnough(record)) {
    const after = seconds === undefined ? '' : ` after ${duration(seconds)}`;
    return [`a new pod on the node was given a resolv.conf with which DNS works${after}`];
  }
  return [seconds === undefined ? 'DNS answers' : `DNS was verified after ${duration(seconds)}`];
}

const reasonOf = ({ status }: StoredRecord): Line =>
  prose(status.message ?? status.reason ?? 'no reason is recorded.');
