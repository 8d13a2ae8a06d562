/** No two control-plane nodes are under repair at once, whatever the policy allows: a quorum must outlive a repair that fails. */
import { TURN_RECHECK_MS } from '../deadlines.ts';
import { CONTROL_PLANE_BUSY, takesSlot } from '../rollout/slots.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation, World } from '../world.ts';

export function controlPlaneIsFree({
  remediation,
  world,
}: {
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations'>;
}): Verdict {
  if (!remediation.spec.node.controlPlane) return pass;
  const other = world.remediations.find(
    (one) => one.name !== remediation.name && one.spec.node.controlPlane === true && takesSlot(one),
  );
  return other
    ? wait(
        CONTROL_PLANE_BUSY,
        `Waiting for node ${other.spec.node.name} (${other.name}): control-plane nodes are repaired one at a time.`,
        TURN_RECHECK_MS,
      )
    : pass;
}
