/** Whether an ended incident waits for a person to acknowledge it: nothing is repaired there again until then. */
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../../remediation/world.ts';

const NEED: readonly Phase[] = ['Refused', 'RolledBack', 'Failed'];

/** A person wanted it to end in this way, and knows. */
const AS_ASKED: readonly string[] = ['Rejected', 'RolledBackOnRequest'];

/** It keeps its pod or node from another repair until then. */
export const endsWithAcknowledgement = ({ spec, status }: Pick<Remediation, 'spec' | 'status'>): boolean =>
  NEED.includes(status.phase) && !(spec.trigger === 'Rollback' && status.phase === 'RolledBack');

export const needsAcknowledgement = (record: Remediation): boolean =>
  endsWithAcknowledgement(record) && !record.acknowledged && !AS_ASKED.includes(record.status.reason ?? '');
