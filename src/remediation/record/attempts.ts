/** Attempts of one incident: when the next one is due, and how the record changes between two of them. */
import type { RemediationStatus } from '../../api/remediation.ts';
import type { Ending } from '../verdict.ts';
import { isoTime } from './conditions.ts';

type Status = RemediationStatus;

/** How long after the first, the second and the third attempt the next one is due; later ones as after the fourth. */
const DELAYS_MS = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000] as const;
const LONGEST_MS = 60 * 60_000;
/** As many attempts as a record keeps: those of half a day. */
const KEPT_ATTEMPTS = 12;

const delayAfter = (attempt: number): number => DELAYS_MS[attempt - 1] ?? LONGEST_MS;

/** Since when the incident could have begun its current attempt, epoch milliseconds. */
export function dueSince({
  createdAt,
  status,
}: {
  readonly createdAt: number;
  readonly status: Status;
}): number {
  const last = status.attempts.at(-1);
  const due = last ? Date.parse(last.endedAt) + delayAfter(last.number) : createdAt;
  return Math.max(due, Date.parse(status.approval?.at ?? '') || 0);
}

/** The attempt ended in a way that passes by itself: everything that it alone was about leaves the status. */
export function afterAttempt(status: Status, { reason, message, advice }: Ending, now: number): Status {
  const number = (status.attempts.at(-1)?.number ?? 0) + 1;
  const attempt = {
    number,
    startedAt: status.steps[0]?.startedAt ?? isoTime(now),
    endedAt: isoTime(now),
    reason,
    message,
  };
  const { repair: _repair, before: _before, repairDirectory: _directory, advice: _advice, ...rest } = status;
  const next: Status = {
    ...rest,
    phase: 'Pending',
    reason: 'AwaitingRetry',
    steps: [],
    attempts: [...status.attempts, attempt].slice(-KEPT_ATTEMPTS),
    nextAttempt: isoTime(now + delayAfter(number)),
    ...(advice === undefined ? {} : { advice }),
  };
  return { ...next, message: whyItWaits(next) };
}

/** The next attempt is due and begins like a new incident. */
export function beforeAttempt(status: Status): Status {
  const { nextAttempt: _due, reason: _reason, message: _message, advice: _advice, ...rest } = status;
  return rest;
}

/** What the record says between two attempts. */
export function whyItWaits({ attempts, nextAttempt }: Status): string {
  const last = attempts.at(-1);
  const tries = last?.number === 1 ? 'once' : `${last?.number ?? 0} times`;
  return `Tried ${tries}. The last attempt ended with ${last?.reason ?? 'no reason'}: ${last?.message ?? ''} The next attempt is due at ${nextAttempt ?? 'once'}, if a repair is still needed.`;
}
