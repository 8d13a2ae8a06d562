/** The policy still exists and still allows repairs. */
import { pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { cancelled } from './guard.ts';

export function policyAllows({ policy }: Situation): Verdict {
  if (!policy) return cancelled('PolicyDeleted', 'The policy was deleted. Nothing was changed.');
  if (policy.mode === 'Observe')
    return cancelled('ObserveOnly', 'The policy was switched to mode Observe. Nothing was changed.');
  return pass;
}
