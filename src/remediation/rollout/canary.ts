/** The first repair of a rollout: which one it was, and whether there was one that shows that the others may follow. */
import type { Remediation } from '../world.ts';
import { type Ledger, ledgerOf, type Repair } from './ledger.ts';
import { isPartOf, rolloutOf } from './rollout.ts';

/** A rollout is what begins within a day: a repair that healed its node longer ago says little about the nodes of today. */
const ROLLOUT_MS = 24 * 60 * 60_000;

/**
 * A repair with the same settings changed a node of the rollout and healed it, within the day before `at` and since the
 * last repair that went wrong: others may run beside each other. An incident that found nothing to change shows nothing.
 */
export function canaryHealed(remediation: Remediation, all: readonly Remediation[], at: number): boolean {
  const rollout = rolloutOf(remediation);
  const ledger = ledgerOf(all);
  const since = Math.max(at - ROLLOUT_MS, lastWrong(ledger, remediation, at));
  const settings = settingsOf(remediation);
  return ledger.healed.some(
    ({ remediation: other, endedAt }) =>
      other.name !== remediation.name &&
      endedAt !== null &&
      endedAt > since &&
      endedAt <= at &&
      isPartOf(other, rollout) &&
      settingsOf(other) === settings,
  );
}

/** When this repair began, no other one had shown that it works. Later repairs do not change that. */
export const isCanary = ({ remediation, beganAt }: Repair, all: readonly Remediation[]): boolean =>
  !canaryHealed(remediation, all, beganAt);

/** The canaries of a rollout that ended after `since`, and that nobody has acknowledged. Nearly always there is one at most. */
export function canariesSince(
  remediation: Remediation,
  all: readonly Remediation[],
  since: number,
): readonly Repair[] {
  const rollout = rolloutOf(remediation);
  return ledgerOf(all).healed.filter(
    (repair) =>
      repair.endedAt !== null &&
      repair.endedAt > since &&
      repair.remediation.name !== remediation.name &&
      !repair.remediation.acknowledged &&
      isPartOf(repair.remediation, rollout) &&
      isCanary(repair, all),
  );
}

function lastWrong({ wrong }: Ledger, remediation: Remediation, at: number): number {
  const rollout = rolloutOf(remediation);
  const ends = wrong
    .filter((other) => other.name !== remediation.name && isPartOf(other, rollout))
    .map(({ status }) => Date.parse(status.finishedAt ?? '') || 0)
    .filter((end) => end <= at);
  return Math.max(0, ...ends);
}

const texts = new WeakMap<object, string>();

/** What may be changed on a node, and how. As text, made once: thousands of records are compared. */
function settingsOf({ spec }: Remediation): string {
  const { repair } = spec.settings;
  const known = texts.get(repair);
  if (known !== undefined) return known;
  const text = JSON.stringify(repair);
  texts.set(repair, text);
  return text;
}
