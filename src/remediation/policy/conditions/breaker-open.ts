/** BreakerOpen: repairs that failed stop all further ones. */
import { haltedBy, isHalting } from '../../rollout/rollout.ts';
import type { PolicyFacts } from '../facts.ts';
import type { Judgement } from './judgement.ts';

export function breakerOpen({ remediations }: PolicyFacts): Judgement {
  const halting = remediations.find(isHalting);
  return halting
    ? { status: 'True', reason: 'RolloutHalted', message: haltedBy(halting) }
    : { status: 'False', reason: 'Closed', message: 'No failed repair stops further ones.' };
}
