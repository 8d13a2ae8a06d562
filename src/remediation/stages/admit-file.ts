/** May this file be corrected? As `admit`, for an incident without a quarantine: asked until its Job was started. */
import { changeStep, isUnderRepair, stepStartedAt } from '../facts.ts';
import { mayBegin } from '../safety.ts';
import { pass, record, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function admitFile(situation: Situation): Verdict {
  const { remediation, world } = situation;
  if (stepStartedAt(remediation, changeStep(remediation)) !== null || world.repairJob) return pass;
  const verdict = mayBegin(situation);
  if (verdict.kind !== 'pass') return verdict;
  return isUnderRepair(remediation) ? pass : record({ kind: 'admitted' });
}
