/**
 * What all records together say of the repairs that began, ended and failed. Sorted out once for each read: with 5,000
 * records, every guard would otherwise go through all of them.
 */
import { beganRepairAt, isUnderRepair } from '../facts.ts';
import type { Remediation } from '../world.ts';
import { wentWrong } from './rollout.ts';
import { takesSlot } from './slots.ts';

/** A repair that began; `endedAt` is null while it is under way. Times in epoch milliseconds. */
export interface Repair {
  readonly remediation: Remediation;
  readonly beganAt: number;
  readonly endedAt: number | null;
}

/** A repair that healed its node, and the next crash of a DNS pod there. */
export interface Relapse {
  readonly healed: Repair;
  readonly again: Remediation;
}

export interface Ledger {
  /** The one that began first comes first. Of what a person asked for by itself, a rollback for example, nothing. */
  readonly began: readonly Repair[];
  /** Their turn has come, and nothing was done yet. */
  readonly admitted: readonly Remediation[];
  /** They take a slot. */
  readonly busy: readonly Remediation[];
  readonly pending: readonly Remediation[];
  /** They ended badly, acknowledged or not. */
  readonly wrong: readonly Remediation[];
  /** Repairs that changed their node and healed it. */
  readonly healed: readonly Repair[];
  readonly relapses: readonly Relapse[];
}

/** The longest that a canary can be watched. */
const LONGEST_WATCH_MS = 3_600_000;

const ledgers = new WeakMap<readonly Remediation[], Ledger>();

/** The same list gives the same ledger. */
export function ledgerOf(remediations: readonly Remediation[]): Ledger {
  const known = ledgers.get(remediations);
  if (known) return known;
  const ledger = makeLedger(remediations);
  ledgers.set(remediations, ledger);
  return ledger;
}

function makeLedger(remediations: readonly Remediation[]): Ledger {
  const began: Repair[] = [];
  const admitted: Remediation[] = [];
  const busy: Remediation[] = [];
  const pending: Remediation[] = [];
  const wrong: Remediation[] = [];
  for (const remediation of remediations) {
    if (takesSlot(remediation)) busy.push(remediation);
    if (remediation.status.phase === 'Pending') pending.push(remediation);
    if (wentWrong(remediation)) wrong.push(remediation);
    if (remediation.spec.trigger === 'Rollback' || remediation.spec.trigger === 'Request') continue;
    const repair = repairOf(remediation);
    if (repair !== null) began.push(repair);
    else if (isUnderRepair(remediation)) admitted.push(remediation);
  }
  began.sort((a, b) => a.beganAt - b.beganAt);
  const healed = began.filter(
    ({ remediation: { status }, endedAt }) =>
      status.phase === 'Healed' &&
      status.repair?.outcome === 'repaired' &&
      // Nobody wants the others to follow one that was taken back.
      status.rolledBackBy === undefined &&
      endedAt !== null,
  );
  return { began, admitted, busy, pending, wrong, healed, relapses: relapsesOf(healed, remediations) };
}

/** A drift is none: whoever writes the wrong value again says nothing of the repair. */
function relapsesOf(healed: readonly Repair[], remediations: readonly Remediation[]): readonly Relapse[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { spec } of remediations) {
    if (seen.has(spec.node.uid)) twice.add(spec.node.uid);
    else seen.add(spec.node.uid);
  }
  // Of most nodes there is one record.
  if (twice.size === 0) return [];
  const crashes = remediations.filter(
    ({ spec, status }) =>
      twice.has(spec.node.uid) &&
      status.phase !== 'Cancelled' &&
      (spec.trigger === 'Crash' || spec.trigger === 'LateLoop'),
  );
  const byNode = Map.groupBy(crashes, ({ spec }) => spec.node.uid);
  const relapses: Relapse[] = [];
  for (const repair of healed) {
    const { name, spec } = repair.remediation;
    // Records are created in whole seconds.
    const end = Math.floor((repair.endedAt ?? 0) / 1000) * 1000;
    const again = byNode
      .get(spec.node.uid)
      ?.find(
        (other) => other.name !== name && other.createdAt >= end && other.createdAt - end <= LONGEST_WATCH_MS,
      );
    if (again) relapses.push({ healed: repair, again });
  }
  return relapses;
}

const repairs = new WeakMap<Remediation, Repair | null>();

/** null: it never began. Read once for each version of a record: most are over, and thousands of times are parsed. */
function repairOf(remediation: Remediation): Repair | null {
  const known = repairs.get(remediation);
  if (known !== undefined) return known;
  const beganAt = beganRepairAt(remediation);
  const repair = beganAt === null ? null : { remediation, beganAt, endedAt: endOf(remediation) };
  repairs.set(remediation, repair);
  return repair;
}

/** Of a record that ended. */
function endOf({ status, createdAt }: Remediation): number | null {
  return status.finishedAt === undefined ? null : Date.parse(status.finishedAt) || createdAt;
}
