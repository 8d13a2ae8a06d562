/** Whatever keeps failing, a node is not kept in quarantine longer than the policy allows. */
import { CATCH_UP_MS } from '../deadlines.ts';
import { changeStep, isBeingRemoved, takenBack } from '../facts.ts';
import { act, type Effect, end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { takeBackUnstarted } from './change-job.ts';
import { changeOnNode } from './roll-back.ts';

const STARTS: ReadonlySet<Effect['kind']> = new Set(['start-repair', 'start-rollback']);

/**
 * Past the limit the node is released. What the agent has reported by then still counts: a finished repair is proven
 * and verified on the released node, and an end that the repair stage knows has the better reason.
 */
export function timeLimit(situation: Situation): Verdict {
  const { remediation, world, now, observedSince } = situation;
  const { quarantine } = remediation.status;
  const { maxSeconds } = remediation.spec.settings.quarantine;
  if (quarantine?.heldSince === undefined) return pass;
  const heldSince = Date.parse(quarantine.heldSince);
  if (now - heldSince < maxSeconds * 1000) return pass;
  // Nobody worked on the incident while the operator was away; now it takes seconds. One that was watched has had its time.
  if (observedSince > heldSince && now - observedSince < CATCH_UP_MS) return pass;

  const next = changeOnNode(situation);
  if (next.kind === 'pass') return act({ kind: 'release' });
  if (next.kind === 'record' || next.kind === 'end') return pass;

  const job = world.repairJob;
  // Its start is recorded first, then its report is read.
  if (job?.state === 'ended' && next.kind === 'act' && STARTS.has(next.effect.kind)) return pass;
  // It must not start after the node was released.
  if (job?.state === 'starting' && !isBeingRemoved(situation, job)) return act(takeBackUnstarted(job));
  const neverStarted = takenBack(situation, 'NeverStarted');
  return end({
    phase: 'Failed',
    reason: 'QuarantineTimedOut',
    message: `The ${changeStep(remediation).toLowerCase()} did not finish within ${maxSeconds} s of quarantine${neverStarted ? `: ${neverStarted.why}` : ''}.`,
    advice:
      'Check the operator log for the step that kept failing, and kubelet.service and /var/lib/dnshealth on the node.',
    hold: false,
  });
}
