/** The lease that an elector competes for, without saying where it is kept. */

export interface LeaseRecord {
  /** Empty: it was given back. */
  readonly holder: string;
  /** How long the others wait for a sign of the holder before they take it. */
  readonly durationMs: number;
  /** Wall times in epoch milliseconds, for people: no decision hangs on them. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
  /** How often it changed hands. */
  readonly transitions: number;
}

/** The record as it was read or written. */
export interface Lease extends LeaseRecord {
  /** Another one after every write. */
  readonly version: string;
}

export interface LeaseLock {
  /** For logs and metrics. */
  readonly name: string;
  /** null when there is none. */
  read(signal: AbortSignal): Promise<Lease | null>;
  /** Over exactly this one, or a new one over null: throws when somebody else was faster. */
  write(record: LeaseRecord, over: Lease | null, signal: AbortSignal): Promise<Lease>;
}
