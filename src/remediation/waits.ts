/** The reasons for which an incident waits although nothing about its own node, pod or plan keeps it waiting. */

/** Of all incidents of a policy alike: once one of them passes, so do the others. */
export const WAITS_OF_POLICY = [
  'Paused',
  'CoolingDown',
  'BreakerOpen',
  'CanaryWatched',
  'OutsideWindow',
  'RepairsPerHour',
] as const;

/** The reason of an incident that waits for a slot. */
export const NO_SLOT = 'OtherNodeUnderRepair';
/** The reason of an incident that waits for another control-plane node. */
export const CONTROL_PLANE_BUSY = 'ControlPlaneUnderRepair';

/** Limits that an administrator set, and others that are under repair: however long such a wait is, the incident is not out of date. */
export const WAITS_OF_LIMITS = [
  ...WAITS_OF_POLICY,
  'RepairsPerNode',
  'BackingOff',
  NO_SLOT,
  CONTROL_PLANE_BUSY,
] as const;

const OF_POLICY: ReadonlySet<string> = new Set(WAITS_OF_POLICY);
const OF_LIMITS: ReadonlySet<string> = new Set(WAITS_OF_LIMITS);

export const isWaitOfPolicy = (reason: string | undefined): boolean =>
  reason !== undefined && OF_POLICY.has(reason);
export const isWaitOfLimit = (reason: string | undefined): boolean =>
  reason !== undefined && OF_LIMITS.has(reason);
