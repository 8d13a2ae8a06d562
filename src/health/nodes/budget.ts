/** Which of the nodes that are due are checked now: a few at a time, the most telling first, at a steady pace. */
import type { CheckReason } from '../../api/drift.ts';
import type { Due } from './due.ts';

/**
 * Between the starts of two checks. A check costs two requests and a share of a third, and a read of the node where it is
 * needed first, so that all of them together stay below three a second.
 */
export const PACE_MS = 1_100;

/** What happened to a node says more about it than that time has passed. */
const URGENCY: Readonly<Record<CheckReason, number>> = {
  KubeletStarted: 0,
  Rebooted: 0,
  KubeletUpgraded: 0,
  OSImageChanged: 0,
  Drifted: 1,
  Repaired: 1,
  HourAfterRepair: 1,
  DayAfterRepair: 1,
  FirstSeen: 2,
  Retry: 3,
  Interval: 4,
};

export interface Candidate extends Due {
  readonly node: string;
  readonly uid: string;
  /** UID of the policy under which it is checked. */
  readonly policy: string;
  /** A DNS pod runs there. */
  readonly hostsDNSPods: boolean;
}

/** Candidates in the order in which they are checked. */
export function byUrgency(a: Candidate, b: Candidate): number {
  return (
    URGENCY[a.why] - URGENCY[b.why] ||
    Number(b.hostsDNSPods) - Number(a.hostsDNSPods) ||
    a.at - b.at ||
    (a.node < b.node ? -1 : 1)
  );
}

export type Turn =
  | { readonly kind: 'start'; readonly candidate: Candidate }
  /** Nothing can be started; `afterMs` is null if only the end of a running check changes that. */
  | { readonly kind: 'wait'; readonly afterMs: number | null };

/**
 * @param lastStartAt of any check, epoch milliseconds
 * @param running number of checks that run now
 */
export function nextTurn(
  candidates: readonly Candidate[],
  {
    running,
    maxConcurrent,
    lastStartAt,
    now,
  }: {
    readonly running: number;
    readonly maxConcurrent: number;
    readonly lastStartAt: number;
    readonly now: number;
  },
): Turn {
  if (running >= maxConcurrent) return { kind: 'wait', afterMs: null };
  const due = candidates.filter(({ at }) => at <= now);
  const first = due.reduce<Candidate | null>(
    (best, one) => (best && byUrgency(best, one) <= 0 ? best : one),
    null,
  );
  if (first) {
    const paceLeftMs = lastStartAt + PACE_MS - now;
    return paceLeftMs > 0 ? { kind: 'wait', afterMs: paceLeftMs } : { kind: 'start', candidate: first };
  }
  const next = candidates.reduce((soonest, { at }) => Math.min(soonest, at), Number.POSITIVE_INFINITY);
  return { kind: 'wait', afterMs: Number.isFinite(next) ? next - now : null };
}

/** Of the turns of several policies, each with its own limit: the most telling check, or else the shortest wait. */
export function firstOf(turns: readonly Turn[]): Turn {
  const [candidate] = turns
    .flatMap((turn) => (turn.kind === 'start' ? [turn.candidate] : []))
    .toSorted(byUrgency);
  if (candidate) return { kind: 'start', candidate };
  const waits = turns.flatMap((turn) =>
    turn.kind === 'wait' && turn.afterMs !== null ? [turn.afterMs] : [],
  );
  return { kind: 'wait', afterMs: waits.length > 0 ? Math.min(...waits) : null };
}
