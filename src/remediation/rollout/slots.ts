/** Who takes a slot, and who waits in line for one. */
import { DRIFT_PLACES } from '../../api/drift.ts';
import type { MaxConcurrent } from '../../api/policy/limits.ts';
import { isUnderRepair } from '../facts.ts';
import type { Remediation } from '../world.ts';

/** The reason of an incident that waits for a slot. */
export const NO_SLOT = 'OtherNodeUnderRepair';

/** Under repair, or its node is still held: after the end, or for a moment after an attempt. */
export const takesSlot = (other: Remediation): boolean =>
  isUnderRepair(other) || other.status.quarantine?.heldSince !== undefined;

/** How many nodes may be under repair at the same time. */
export const slotsOf = (maxConcurrent: MaxConcurrent): number =>
  typeof maxConcurrent === 'number' ? maxConcurrent : 1;

/** Not decided on yet, or waiting for a slot. One that waits for another reason, by its record, takes none. */
export const isInLine = ({ status }: Remediation): boolean =>
  status.phase === 'Pending' && (status.reason === undefined || status.reason === NO_SLOT);

/** All incidents sort the same line in the same way: pods that fail before pods that would, then the older one. */
export function byTurn(a: Remediation, b: Remediation): number {
  return urgency(a) - urgency(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

/** The lower, the sooner. */
export const urgency = ({ spec, status }: Remediation): number =>
  spec.trigger === 'Drift' && !status.failingPod ? 1 + DRIFT_PLACES.indexOf(spec.drift.place) : 0;

/** The reason of an incident that waits for another control-plane node. */
export const CONTROL_PLANE_BUSY = 'ControlPlaneUnderRepair';
