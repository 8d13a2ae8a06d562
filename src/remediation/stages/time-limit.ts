/** Whatever keeps failing, a node is not kept in quarantine longer than the policy allows. */
import { isBeingRemoved, takenBack } from '../facts.ts';
import { act, end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { takeBackUnstarted } from './repair.ts';

export function timeLimit(situation: Situation): Verdict {
  const { remediation, world, now } = situation;
  const { quarantine, repair } = remediation.status;
  const { maxSeconds } = remediation.spec.settings.quarantine;
  if (quarantine?.heldSince === undefined) return pass;
  if (now - Date.parse(quarantine.heldSince) < maxSeconds * 1000) return pass;

  const job = repair ? null : world.repairJob;
  // It must not start after the node was released.
  if (job?.state === 'starting' && !isBeingRemoved(situation, job)) return act(takeBackUnstarted(job));
  const neverStarted = takenBack(situation, 'NeverStarted');
  // The repair stage ends the incident with the better reason.
  if (!job && neverStarted) return pass;
  return end({
    phase: 'Failed',
    reason: 'QuarantineTimedOut',
    message: `The repair did not finish within ${maxSeconds} s of quarantine${neverStarted ? `: ${neverStarted.why}` : ''}.`,
    advice: repair
      ? 'The kubelet runs with the new value, which was not proven. Check the operator log for the step that kept failing.'
      : 'Check the operator log for the step that kept failing, and kubelet.service and /var/lib/dnshealth on the node.',
    hold: false,
  });
}
