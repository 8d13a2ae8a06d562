/** When a node is due for a check, and why: from what is known of it and from what it says of its last check. */
import type { CheckReason } from '../../api/drift.ts';
import { NEVER } from '../../api/go-duration.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A node is not checked more often than this, whatever happens to it. */
export const SPACING_MS = 10 * MINUTE_MS;
/** The longest pause after checks that failed. */
const LONGEST_PAUSE_MS = 6 * HOUR_MS;
/** Of the interval, in both directions: nodes that were checked together drift apart. */
const JITTER = 0.1;

/** What a node is now. Times are epoch milliseconds. */
export interface NodeNow {
  readonly uid: string;
  readonly ready: boolean;
  readonly bootID: string;
  readonly kubeletVersion: string;
  readonly osImage: string;
  /** By the kubelet's event, with the API server's clock; null if that is not known any more. */
  readonly kubeletStartedAt: number | null;
  /** End of the last repair that changed it; null if none did. */
  readonly repairedAt: number | null;
  /** It was found wrong a while ago, and is next to be repaired. */
  readonly isWanted: boolean;
}

export interface Due {
  readonly why: CheckReason;
  /** Epoch milliseconds; in the past if it is due. */
  readonly at: number;
}

/**
 * @param record of the node; null: it was never checked
 * @param intervalMs `NEVER` for none
 * @param phase from 0 to 1, the same for a node each time
 * @param now epoch milliseconds by the operator's clock
 * @returns null while nothing makes the node due: it is not Ready, or there is no interval
 */
export function dueOf(
  node: NodeNow,
  record: NodeCheckRecord | null,
  { intervalMs, phase, now }: { readonly intervalMs: number; readonly phase: number; readonly now: number },
): Due | null {
  if (!node.ready) return null;
  const last = record?.check;
  if (!last) return { why: 'FirstSeen', at: 0 };
  // The start is by the API server's clock and the end by the operator's: the later of both keeps the distance if the
  // operator's clock is ahead. A time in the future is by a clock that was corrected since.
  const lastAt = Math.min(now, Math.max(Date.parse(last.startedAt), Date.parse(last.endedAt)));
  const soonest = lastAt + SPACING_MS;

  const changed = whatChanged(node, last);
  if (changed) return { why: changed, at: soonest };

  if (node.isWanted && last.outcome !== 'failed') return { why: 'Drifted', at: soonest };

  const all: Due[] = [];
  if (last.outcome === 'failed') {
    const longest = intervalMs === NEVER ? LONGEST_PAUSE_MS : Math.min(intervalMs, LONGEST_PAUSE_MS);
    const pauseMs = Math.min(SPACING_MS * 2 ** Math.max(0, (record.failures || 1) - 1), longest);
    all.push({ why: 'Retry', at: lastAt + pauseMs });
  }
  for (const [why, afterMs] of AFTER_REPAIR) {
    const at = (node.repairedAt ?? Number.POSITIVE_INFINITY) + afterMs;
    if (Number.isFinite(at) && at > lastAt) all.push({ why, at });
  }
  if (intervalMs !== NEVER)
    all.push({ why: 'Interval', at: lastAt + intervalMs * (1 - JITTER + 2 * JITTER * phase) });

  const first = all.reduce<Due | null>((best, one) => (best && best.at <= one.at ? best : one), null);
  return first && { ...first, at: Math.max(first.at, soonest) };
}

const AFTER_REPAIR = [
  ['HourAfterRepair', HOUR_MS],
  ['DayAfterRepair', DAY_MS],
] as const;

type Last = NonNullable<NodeCheckRecord['check']>;

/** A reboot and an upgrade start the kubelet too: the reason that explains more comes first. */
function whatChanged(node: NodeNow, last: Last): CheckReason | null {
  if (node.bootID !== last.bootID) return 'Rebooted';
  if (node.kubeletVersion !== last.kubeletVersion) return 'KubeletUpgraded';
  if (node.osImage !== last.osImage) return 'OSImageChanged';
  return isNewStart(node.kubeletStartedAt, last) ? 'KubeletStarted' : null;
}

/**
 * Whether a kubelet was started after the check, whose time is the API server's as well, in whole seconds. The start that
 * the check was about does not count.
 *
 * @param kubeletStartedAt epoch milliseconds; null if it is not known, which is no sign of a start
 */
export function isNewStart(
  kubeletStartedAt: number | null,
  { startedAt, kubeletStartedAt: known }: Pick<Last, 'startedAt' | 'kubeletStartedAt'>,
): boolean {
  if (kubeletStartedAt === null || kubeletStartedAt < Date.parse(startedAt)) return false;
  return known === undefined || kubeletStartedAt > Date.parse(known);
}
