/** Since when an incident waits for the reason that its record gives: another message of the same reason is the same wait. */
import type { RemediationStatus } from '../../api/remediation.ts';
import { isoTime } from './conditions.ts';

type Status = RemediationStatus;

/** The status with the time, after any change of it. */
export function withWaitingSince(before: Status, after: Status, now: number): Status {
  // Nothing changed: a time alone is not worth a write.
  if (after === before) return after;
  const { waitingSince: _since, ...rest } = after;
  if (after.reason === undefined || after.finishedAt !== undefined) return rest;
  const known = before.reason === after.reason ? before.waitingSince : undefined;
  return { ...rest, waitingSince: known ?? isoTime(now) };
}
