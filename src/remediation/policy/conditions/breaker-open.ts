/** BreakerOpen: repairs that failed stop all further ones. As the guard sees it. */
import { breakerOf } from '../../rollout/breaker.ts';
import type { PolicyFacts } from '../facts.ts';
import type { Judgement } from './judgement.ts';

export function breakerOpen({ remediations, policy, now }: PolicyFacts): Judgement {
  const { open, message } = breakerOf(remediations, null, policy, now);
  return { status: open ? 'True' : 'False', reason: open ? 'BreakerOpen' : 'Closed', message };
}
