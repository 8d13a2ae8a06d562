/** No failure waits for an acknowledgement: the next node would probably fail in the same way. */
import { TURN_RECHECK_MS } from '../deadlines.ts';
import { haltedBy, isHalting, isPartOf, rolloutOf } from '../rollout/rollout.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation, World } from '../world.ts';

export function rolloutContinues({
  remediation,
  world,
}: {
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations'>;
}): Verdict {
  const rollout = rolloutOf(remediation);
  const failed = world.remediations.find((other) => isHalting(other) && isPartOf(other, rollout));
  return failed ? wait('RolloutHalted', haltedBy(failed), TURN_RECHECK_MS) : pass;
}
