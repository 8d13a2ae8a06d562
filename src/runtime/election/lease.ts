/** The lease that an elector competes for, independent of where it is stored. */

export interface LeaseRecord {
  /** Empty after a release. */
  readonly holder: string;
  /** How long other processes wait after the last renewal before they take the lease. */
  readonly durationMs: number;
  /** Wall times in epoch milliseconds, for display only: no decision depends on them. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
  /** How often the holder changed. */
  readonly transitions: number;
}

/** The record as it was read or written. */
export interface Lease extends LeaseRecord {
  /** Changes with every write. */
  readonly version: string;
}

export interface LeaseLock {
  /** For logs and metrics. */
  readonly name: string;
  /** null where the lease does not exist. */
  read(signal: AbortSignal): Promise<Lease | null>;
  /** Replaces exactly `over`, or creates the lease where that is null. Throws if another process wrote in between. */
  write(record: LeaseRecord, over: Lease | null, signal: AbortSignal): Promise<Lease>;
}

/** The record with which `holder` acquires the lease, or renews it where it is the holder already. */
export function claimOf(over: Lease | null, holder: string, durationMs: number, now: number): LeaseRecord {
  const isRenewal = over?.holder === holder;
  return {
    holder,
    durationMs,
    acquiredAt: isRenewal ? over.acquiredAt : now,
    renewedAt: now,
    transitions: over === null ? 0 : over.transitions + (isRenewal ? 0 : 1),
  };
}
