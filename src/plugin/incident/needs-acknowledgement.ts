/** Whether an ended incident waits for a person to acknowledge it: nothing is repaired there again until then. */
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../../remediation/world.ts';

const NEED: readonly Phase[] = ['Refused', 'RolledBack', 'Failed'];

/** A rollback that a person asked for is no failure. */
export const endsWithAcknowledgement = ({ spec, status }: Pick<Remediation, 'spec' | 'status'>): boolean =>
  NEED.includes(status.phase) && !(spec.trigger === 'Rollback' && status.phase === 'RolledBack');

export const needsAcknowledgement = (record: Remediation): boolean =>
  endsWithAcknowledgement(record) && !record.acknowledged;
