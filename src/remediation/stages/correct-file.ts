/** The Job that corrects a file alone: as in a repair, but no end holds the node, which was never in quarantine. */
import { end, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { repair } from './repair.ts';

export function correctFile(situation: Situation): Verdict {
  const verdict = repair(situation);
  return verdict.kind === 'end' ? end({ ...verdict.ending, hold: false }) : verdict;
}
