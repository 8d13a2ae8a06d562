/** What the audit log and the writers' own records say of an election's rounds. */
import type { Apiserver } from '../apiserver/apiserver.ts';
import { type AuditedWrite, auditedWrites } from '../apiserver/audit-log.ts';
import type { Act, Rounds } from './election-rounds.ts';
import { judgeSends, parseSend, type SendsVerdict } from './sends.ts';
import { termsOf } from './terms.ts';
import type { Durations } from './writers.ts';

export interface RoundsReport extends SendsVerdict {
  readonly badEnds: readonly string[];
  readonly tally: Readonly<Record<Act, number>>;
  readonly terms: number;
  readonly writes: number;
  /** Between two writes that succeeded. */
  readonly longestGapMs: number;
  /** From each act that changed the leader to the first write of another one. */
  readonly failoverMs: Readonly<Record<Act, readonly number[]>>;
}

export async function reportOf(
  { rounds, writers, badEnds }: Rounds,
  server: Apiserver,
  durations: Durations,
): Promise<RoundsReport> {
  const writerOf = ({ userAgent }: AuditedWrite): string => userAgent;
  const audited = (await auditedWrites(server)).filter((write) => writerOf(write).startsWith('writer-'));
  const verdict = judgeSends({
    audited,
    sends: writers.flatMap(({ name, lines }) => lines.flatMap((line) => parseSend(name, line) ?? [])),
    writerOf,
    idOf: ({ body }) => body.data.count,
    marginMs: durations.leaseDurationMs - durations.renewDeadlineMs,
  });
  const written = audited.filter(({ resource, code }) => resource === 'configmaps' && code < 300);
  const gaps = written.slice(1).map((write, index) => write.answeredAt - (written[index]?.answeredAt ?? 0));
  const failovers = rounds.flatMap(({ act, leader, at }, index) => {
    const until = rounds[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const next = written.find(
      (write) => at < write.answeredAt && write.answeredAt < until && writerOf(write) !== leader,
    );
    // A short pause changes no leader.
    return next ? [{ act, ms: Math.round(next.answeredAt - at) }] : [];
  });
  const each = <T>(value: (act: Act) => T): Record<Act, T> => ({
    kill: value('kill'),
    stop: value('stop'),
    pause: value('pause'),
  });
  return {
    ...verdict,
    badEnds,
    tally: each((act) => rounds.filter((round) => round.act === act).length),
    terms: termsOf(audited, writerOf).length,
    writes: written.length,
    longestGapMs: Math.max(...gaps),
    failoverMs: each((act) => failovers.filter((one) => one.act === act).map(({ ms }) => ms)),
  };
}
