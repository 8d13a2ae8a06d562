/** The four figures below the sentence: how long, how bad, how much was touched, what is left. */
import { isOfFileAlone } from '../../../remediation/facts.ts';
import { beginningOf } from '../../incident/beginning.ts';
import {
  claimedAt,
  dnsPodsAtClaim,
  duration,
  hasChanged,
  holdsChange,
  isHeld,
  isOver,
  isProofEnough,
  kubeletBackAt,
  mayHaveChanged,
  plural,
  secondsSinceStart,
  verifiedAt,
} from '../facts.ts';
import type { Figure } from '../page.ts';
import type { StoredRecord } from '../record.ts';

export const figuresOf = (record: StoredRecord): readonly Figure[] => [
  howLong(record),
  // Nothing was bad where a person asked.
  ...(isAsked(record) ? [] : [howBad(record)]),
  howMuch(record),
  whatIsLeft(record),
];

function howLong(record: StoredRecord): Figure {
  const since = (moment: number | undefined): string | undefined => {
    const seconds = secondsSinceStart(record, moment);
    return seconds === undefined ? undefined : duration(seconds);
  };
  const verified = verifiedAt(record);
  const start = beginningOf(record.spec).start;
  const claimed = since(claimedAt(record));
  const kubeletBack = since(kubeletBackAt(record));
  const note = [
    claimed && `recorded after ${claimed}`,
    kubeletBack ? `kubelet back after ${kubeletBack}` : 'kubelet not restarted',
  ]
    .filter(Boolean)
    .join(', ');
  if (verified !== undefined)
    return {
      value: since(verified) ?? '',
      label: `from ${start} to ${isProofEnough(record) ? 'a proven node' : 'verified DNS'}`,
      note,
    };
  const end = record.status.finishedAt;
  return {
    value: end === undefined ? 'Not over' : (since(Date.parse(end)) ?? ''),
    label: end === undefined ? `since the ${start}` : `from ${start} to the ${endOf(record)}`,
    note,
  };
}

const isAsked = ({ spec }: StoredRecord): boolean =>
  spec.trigger === 'Request' || spec.trigger === 'Rollback';

function endOf(record: StoredRecord): string {
  if (isAsked(record)) return 'end';
  return isOfFileAlone(record) && hasChanged(record) ? 'corrected file' : 'end, DNS not verified';
}

function howBad(record: StoredRecord): Figure {
  const label = 'DNS pods were Ready at the worst moment that is recorded';
  const pods = dnsPodsAtClaim(record);
  if (!pods) return { value: 'Not recorded', label, note: 'the record is of an older version' };
  const { serving, total } = pods;
  return {
    value: `${serving} of ${total}`,
    label,
    note: serving === 0 && total > 0 ? 'cluster DNS had no endpoint' : 'when the incident was recorded',
  };
}

function howMuch(record: StoredRecord): Figure {
  const { deletedPods, repair } = record.status;
  const restarts = repair?.kubelet?.restarts ?? 0;
  if (mayHaveChanged(record))
    return { value: 'Not known', label: 'changed', note: 'the agent did not report' };
  return {
    value: `${plural(hasChanged(record) ? 1 : 0, 'line')} on ${plural(hasChanged(record) || restarts > 0 ? 1 : 0, 'node')}`,
    label: 'changed',
    note: `${plural(restarts, 'restart')} of the kubelet, ${plural(deletedPods.length, 'DNS pod')} recreated`,
  };
}

function whatIsLeft(record: StoredRecord): Figure {
  const label = 'is left on the node';
  const { quarantine } = record.status;
  if (isHeld(record))
    return {
      value: quarantine?.strategy === 'Cordon' ? 'A cordon' : 'A taint',
      label,
      note: isOver(record) ? 'it is held after the failure' : 'while the repair runs',
    };
  if (holdsChange(record))
    return { value: 'The new line', label, note: 'and a backup of the file; no cordon and no taint' };
  return {
    value: 'Nothing',
    label,
    note: hasChanged(record) ? 'but a backup of the file' : 'no cordon and no taint',
  };
}
