/** What waits under a policy, and for what: read from the records, which say it themselves. */
import { MAX_WAITING, MAX_WAITING_MESSAGE, type PolicyStatus } from '../../api/policy/status.ts';
import { isoTime } from '../record/conditions.ts';
import { byTurn } from '../rollout/slots.ts';
import type { Remediation } from '../world.ts';

/** One that was not decided on yet does not wait: it will begin within a moment, or have a reason. */
const waits = ({ status: { phase, reason } }: Remediation): boolean =>
  (phase === 'Pending' || phase === 'AwaitingApproval') && reason !== undefined;

/** @param own the remediations of the policy */
export function waitingOf(own: readonly Remediation[]): Pick<PolicyStatus, 'waiting' | 'waitingCount'> {
  const all = own.filter(waits).toSorted(byTurn);
  return {
    waitingCount: all.length,
    waiting: all.slice(0, MAX_WAITING).map(({ name, createdAt, spec, status }) => ({
      node: spec.node.name,
      remediation: name,
      // A record of the last release does not say since when.
      since: status.waitingSince ?? isoTime(createdAt),
      reason: status.reason ?? '',
      message: (status.message ?? '').slice(0, MAX_WAITING_MESSAGE),
    })),
  };
}
