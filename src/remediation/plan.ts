/** The one next action of an incident, from nothing but what was read: no clock, no chance, no memory. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { CLOSING, HEALING } from './pipeline.ts';
import { end, pass, type Verdict } from './verdict.ts';
import type { Situation } from './world.ts';

/**
 * Decides what to do next.
 *
 * Every state of the world has exactly one answer, and an answer that was carried out but not written down
 * (the operator was killed in between) is given again or recognised as done: that is why all stages look at
 * the world first and at the status only for what the world does not keep.
 *
 * @returns `pass` when the incident is over and nothing is left behind.
 */
export function plan(situation: Situation): Verdict {
  const over = FINAL_PHASES.includes(situation.remediation.status.phase);
  for (const stage of over ? CLOSING : HEALING) {
    const verdict = stage(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  return over
    ? pass
    : end({
        phase: 'Healed',
        reason: 'Verified',
        message: 'DNS answers over UDP and TCP from a pod made after the repair.',
        hold: false,
      });
}
