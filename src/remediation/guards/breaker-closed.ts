/** Not so many repairs have failed that the next one would probably fail in the same way. */
import { QUIET_RECHECK_MS } from '../deadlines.ts';
import { breakerOf } from '../rollout/breaker.ts';
import { rolloutOf } from '../rollout/rollout.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Waiting } from './guard.ts';

export function breakerClosed({ policy, remediation, world, now }: Waiting): Verdict {
  if (!policy) return pass;
  const { open, closesAt, message } = breakerOf(world.remediations, rolloutOf(remediation), policy, now);
  return open
    ? wait('BreakerOpen', message, Math.min(QUIET_RECHECK_MS, (closesAt ?? Number.POSITIVE_INFINITY) - now))
    : pass;
}
