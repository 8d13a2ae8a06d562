/** The record of an incident that no operator continues: ended, so that a later one does not resume it on a released node. */
import { FINAL_PHASES, type RemediationStatus } from '../../api/remediation.ts';
import { hasNotBegun } from '../facts.ts';
import { afterEffect, afterEnd } from '../record/status.ts';
import type { Ending } from '../verdict.ts';
import type { Remediation } from '../world.ts';

/** It is not over, or its record says that it holds its node. */
export const isAbandoned = ({ status, unreadable }: Remediation): boolean =>
  unreadable === null && (isOpen(status) || status.quarantine?.heldSince !== undefined);

/** After the node was released. One that had begun halts further repairs as any failed one does, if it may have changed the node. */
export function afterAbandonment({ spec, status }: Remediation, now: number): RemediationStatus {
  const ended = isOpen(status) ? afterEnd(status, endingOf(status), spec, now) : status;
  // A quarantine that was about to be put back is not.
  const { hold: _hold, ...rest } = ended;
  return rest.quarantine?.heldSince === undefined
    ? rest
    : afterEffect(rest, { kind: 'done', effect: { kind: 'release' } }, now);
}

const isOpen = ({ phase }: RemediationStatus): boolean => !FINAL_PHASES.includes(phase);

const endingOf = (status: RemediationStatus): Ending =>
  hasNotBegun({ status })
    ? {
        phase: 'Cancelled',
        reason: 'OperatorGone',
        message: 'The operator was removed before the repair began.',
        hold: false,
      }
    : {
        phase: 'Failed',
        reason: 'OperatorGone',
        message: `The operator was removed while the incident was in phase ${status.phase}. The node was released.`,
        advice: 'Check kubelet.service and /var/lib/dnshealth on the node: a repair may have been under way.',
        hold: false,
      };
