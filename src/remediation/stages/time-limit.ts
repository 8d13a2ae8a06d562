/** Between 2 and 6. Whatever happens, and whatever keeps failing, a node is not kept longer than the policy says. */
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
  // It must not start once the node was released.
  if (job?.state === 'starting' && !isBeingRemoved(situation, job)) return act(takeBackUnstarted(job));
  const neverStarted = takenBack(situation, 'NeverStarted');
  // Taken back: the next stage ends the incident with the better reason.
  if (!job && neverStarted) return pass;
  return end({
    phase: 'Failed',
    reason: 'QuarantineTimedOut',
    message: `The repair did not come to an end within ${maxSeconds} s of quarantine${neverStarted ? `: ${neverStarted.why}` : '.'}`,
    advice: repair
      ? 'The kubelet runs with the new value, which was not proven. Look at the log of the operator for what it could not do.'
      : 'Look at the log of the operator for what it could not do, and at kubelet.service and /var/lib/dnshealth on the node.',
    hold: false,
  });
}
