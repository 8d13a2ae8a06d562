/** Between 2 and 6. Whatever happens, and whatever keeps failing, a node is not kept longer than the policy says. */
import { act, end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { DID_NOT_START } from './repair.ts';

export function timeLimit({ remediation, world, now }: Situation): Verdict {
  const { quarantine, repair, reason, message } = remediation.status;
  const { maxSeconds } = remediation.spec.settings.quarantine;
  if (quarantine?.heldSince === undefined) return pass;
  if (now - Date.parse(quarantine.heldSince) < maxSeconds * 1000) return pass;

  const job = repair ? null : world.repairJob;
  // It must not start once the node was given back.
  if (job?.state === 'starting' && !job.deleting)
    return act({ kind: 'cancel-repair', why: job.blockedBy ?? 'no reason was given' });
  // Taken back: the next stage ends the incident with the better reason.
  if (!job && reason === DID_NOT_START) return pass;
  return end({
    phase: 'Failed',
    reason: 'QuarantineTimedOut',
    message: `The repair did not come to an end within ${maxSeconds} s of quarantine${message ? `: ${message}` : '.'}`,
    advice: repair
      ? 'The kubelet runs with the new value, which was not proven. Look at the log of the operator for what it could not do.'
      : 'Look at the log of the operator for what it could not do, and at kubelet.service and /var/lib/dnshealth on the node.',
    hold: false,
  });
}
