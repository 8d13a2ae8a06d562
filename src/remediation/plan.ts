/** The one next action of an incident, computed only from what was read: no clock, no randomness, no memory. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { isOfFileAlone, isPlanOnRequest } from './facts.ts';
import { CLOSING, CORRECTING, HEALING, PLANNING, ROLLING_BACK, ROLLING_BACK_FILE } from './pipeline.ts';
import { tryAgainLater } from './stages/retry.ts';
import { end, pass, type Verdict } from './verdict.ts';
import { isHealed } from './verification/verification.ts';
import type { Remediation, Situation } from './world.ts';

/**
 * Decides what to do next.
 *
 * Every state of the world has exactly one answer. If an answer was carried out but not recorded, because the operator
 * was killed in between, it is given again or recognised as done: that is why all stages look at the world first, and
 * at the status only for what the world does not show.
 *
 * @returns `pass` when the incident is over and nothing is left to clean up.
 */
export function plan(situation: Situation): Verdict {
  const over = FINAL_PHASES.includes(situation.remediation.status.phase);
  for (const stage of over ? CLOSING : openedAs(situation.remediation)) {
    const verdict = stage(situation);
    if (verdict.kind !== 'pass') return over ? verdict : tryAgainLater(verdict, situation);
  }
  return over ? pass : end(isHealed(situation));
}

function openedAs(remediation: Remediation): readonly ((situation: Situation) => Verdict)[] {
  if (isPlanOnRequest(remediation)) return PLANNING;
  const isFile = isOfFileAlone(remediation);
  if (remediation.spec.trigger === 'Rollback') return isFile ? ROLLING_BACK_FILE : ROLLING_BACK;
  return isFile ? CORRECTING : HEALING;
}
