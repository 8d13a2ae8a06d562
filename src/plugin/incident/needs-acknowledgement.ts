/** Whether an ended incident waits for a person to acknowledge it: nothing is repaired there again until then. */
import type { Phase } from '../../api/remediation.ts';
import { isCanary } from '../../remediation/rollout/canary.ts';
import { ledgerOf } from '../../remediation/rollout/ledger.ts';
import type { Remediation } from '../../remediation/world.ts';

const NEED: readonly Phase[] = ['Refused', 'RolledBack', 'Failed'];

/** A person wanted it to end in this way, and knows. */
const AS_ASKED: readonly string[] = ['Rejected', 'RolledBackOnRequest'];

/** It keeps its pod or node from another repair until then. */
export const endsWithAcknowledgement = ({ spec, status }: Pick<Remediation, 'spec' | 'status'>): boolean =>
  NEED.includes(status.phase) && !(spec.trigger === 'Rollback' && status.phase === 'RolledBack');

export const needsAcknowledgement = (record: Remediation): boolean =>
  endsWithAcknowledgement(record) && !record.acknowledged && !AS_ASKED.includes(record.status.reason ?? '');

/** The first repair of a rollout healed its node, and a DNS pod there failed again soon: that may hold the breaker open. */
export const didNotLast = ({ uid }: Pick<Remediation, 'uid'>, all: readonly Remediation[]): boolean =>
  ledgerOf(all).relapses.some(({ healed }) => healed.remediation.uid === uid && isCanary(healed, all));
