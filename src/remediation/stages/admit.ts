/** May this incident begin? Asks `safety.ts` until the node is in quarantine, never afterwards. */
import { isUnderRepair, wasAdmitted } from '../facts.ts';
import { untilRecovered } from '../guards/still-sick.ts';
import { mayBegin } from '../safety.ts';
import { pass, record, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function admit(situation: Situation): Verdict {
  if (wasAdmitted(situation)) return pass;
  const verdict = mayBegin(situation);
  // A window may open in hours: that the pod has recovered by itself is seen before.
  if (verdict.kind === 'wait')
    return { ...verdict, recheckMs: Math.min(verdict.recheckMs, untilRecovered(situation)) };
  if (verdict.kind !== 'pass') return verdict;
  return isUnderRepair(situation.remediation) ? pass : record({ kind: 'admitted' });
}
