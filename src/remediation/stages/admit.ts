/** May this incident begin? Asks `safety.ts` until the node is in quarantine, never afterwards. */
import { wasAdmitted } from '../facts.ts';
import { mayBegin } from '../safety.ts';
import { pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function admit(situation: Situation): Verdict {
  return wasAdmitted(situation) ? pass : mayBegin(situation);
}
