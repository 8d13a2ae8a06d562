/** Who takes a slot, and who waits in line for one. */
import { isUnderRepair } from '../facts.ts';
import type { Remediation } from '../world.ts';

/** The reason of an incident that waits for a slot. */
export const NO_SLOT = 'OtherNodeUnderRepair';

/** Under repair, or its node is still held: after the end, or for a moment after an attempt. */
export const takesSlot = (other: Remediation): boolean =>
  isUnderRepair(other) || other.status.quarantine?.heldSince !== undefined;

/** Not decided on yet, or waiting for a slot. One that waits for another reason, by its record, takes none. */
export const isInLine = ({ status }: Remediation): boolean =>
  status.phase === 'Pending' && (status.reason === undefined || status.reason === NO_SLOT);

/** All incidents sort the same line in the same way. */
export function byAge(a: Remediation, b: Remediation): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}
