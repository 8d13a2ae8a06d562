/**
 * How many remediations of a policy ended in which way, whatever becomes of their records and of the operator: a record
 * that is about to be deleted is counted first, with its uid, and not counted again while it is still there.
 */
import { assertNever } from '../../api/assert-never.ts';
import type { Past, Totals } from '../../api/policy/totals.ts';
import { FINAL_PHASES, type Outcome, type Phase } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';

/** Live records, and those that are gone. */
export function totalsOf(own: readonly Remediation[], { totals, uids }: Past): Totals {
  const counted = new Set(uids);
  return add(
    totals,
    own.filter(({ uid }) => !counted.has(uid)),
  );
}

/**
 * What must be written before these records are deleted. Of the uids counted before, those are kept that still exist, so
 * that the list is never longer than one round of deletions and the one before it.
 */
export function countedBefore(
  past: Past,
  toDelete: readonly Remediation[],
  existing: ReadonlySet<string>,
): Past {
  const uids = past.uids.filter((uid) => existing.has(uid));
  const fresh = toDelete.filter(({ uid }) => !uids.includes(uid));
  return { totals: add(past.totals, fresh), uids: [...uids, ...fresh.map(({ uid }) => uid)] };
}

function add(totals: Totals, records: readonly Remediation[]): Totals {
  const sum = { ...totals };
  for (const { status } of records) if (isOutcome(status.phase)) sum[fieldOf(status.phase)] += 1;
  return sum;
}

const isOutcome = (phase: Phase): phase is Outcome => FINAL_PHASES.includes(phase);

function fieldOf(outcome: Outcome): keyof Totals {
  switch (outcome) {
    case 'Healed':
      return 'healed';
    case 'Planned':
      return 'planned';
    case 'Refused':
      return 'refused';
    case 'RolledBack':
      return 'rolledBack';
    case 'Failed':
      return 'failed';
    case 'Expired':
      return 'expired';
    case 'Superseded':
      return 'superseded';
    case 'Cancelled':
      return 'cancelled';
    default:
      return assertNever(outcome);
  }
}
