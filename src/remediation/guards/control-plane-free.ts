/** No two control-plane nodes are under repair at once, whatever the policy allows: a quorum must outlive a repair that fails. */
import { TURN_RECHECK_MS } from '../deadlines.ts';
import { ledgerOf } from '../rollout/ledger.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import { CONTROL_PLANE_BUSY } from '../waits.ts';
import type { Remediation, World } from '../world.ts';

export function controlPlaneIsFree({
  remediation,
  world,
}: {
  readonly remediation: Remediation;
  readonly world: Pick<World, 'remediations'>;
}): Verdict {
  if (!remediation.spec.node.controlPlane) return pass;
  const other = ledgerOf(world.remediations).busy.find(
    (one) => one.name !== remediation.name && one.spec.node.controlPlane === true,
  );
  return other
    ? wait(
        CONTROL_PLANE_BUSY,
        `Waiting for node ${other.spec.node.name} (${other.name}): control-plane nodes are repaired one at a time.`,
        TURN_RECHECK_MS,
      )
    : pass;
}
