/** The verdict on an election's rounds: what each process sent, in the order of one clock, against etcd's order. */
import * as z from 'zod';
import type { AuditedWrite } from '../apiserver/audit-log.ts';
import { isRelease, isWithin, type Term, termsOf, type WriterOf } from './terms.ts';

const sendSchema = z.object({
  /** A write that only the leader may make, or one of the lease. */
  sends: z.enum(['write', 'lease']),
  id: z.string(),
  /** CLOCK_MONOTONIC, which all processes of a machine share, read before the process asks its fence or its elector sends. */
  atMs: z.number(),
});
export type Send = z.infer<typeof sendSchema> & { readonly by: string };

/** One line of a writer's output; undefined for a line of its log. */
export function parseSend(by: string, line: string): Send | undefined {
  return line.startsWith('{"sends"') ? { by, ...sendSchema.parse(JSON.parse(line)) } : undefined;
}

export const leaseSendId = (spec: {
  readonly holderIdentity?: unknown;
  readonly renewTime?: unknown;
}): string => `${String(spec.holderIdentity)} ${String(spec.renewTime)}`;

export interface SendsVerdict {
  /** Each one is a second writer that the election or the fence let through. */
  readonly violations: readonly string[];
  /**
   * Writes that passed the fence in time and arrived in another's term all the same: the network or the server held
   * them back, or the process was stopped between its fence and the kernel. No check in the sender can prevent these.
   */
  readonly heldBack: readonly string[];
}

export interface SendsToJudge {
  /** Of the writers alone. */
  readonly audited: readonly AuditedWrite[];
  readonly sends: readonly Send[];
  readonly writerOf: WriterOf;
  /** From a write's `atMs` and the name of the audited write to each other. */
  readonly idOf: (write: AuditedWrite) => string;
  /** What lies at least between the last write that a leader sends and the claim of its successor. */
  readonly marginMs: number;
}

/**
 * Timestamps of the server cannot distinguish a late sender from a slow server. Here the sender's own clock says when a write
 * passed its fence, and when the next claim was sent; the order in etcd says what arrived in whose term.
 */
export function judgeSends({ audited, sends, writerOf, idOf, marginMs }: SendsToJudge): SendsVerdict {
  const terms = termsOf(audited, writerOf);
  /** The last attempt counts. */
  const sentAt = new Map(sends.map(({ by, sends: kind, id, atMs }) => [`${by} ${kind} ${id}`, atMs]));
  const leaseSentAt = (write: AuditedWrite): number => {
    const at = sentAt.get(`${writerOf(write)} lease ${leaseSendId(write.body.spec)}`);
    if (at === undefined) throw new Error(`${writerOf(write)} did not record that it sent the lease`);
    return at;
  };
  const limitOf = ({ end }: Term): number => {
    if (end === undefined) return Number.POSITIVE_INFINITY;
    // A release says that nothing is under way any more; a claim only comes when the lease has run out.
    return leaseSentAt(end) - (isRelease(end) ? 0 : marginMs);
  };
  const ofWriter = (by: string): Term | undefined => terms.find((term) => term.by === by);

  const violations: string[] = [];
  const heldBack: string[] = [];
  for (const { by, sends: kind, id, atMs } of sends) {
    if (kind !== 'write') continue;
    const term = ofWriter(by);
    if (term === undefined) violations.push(`${by} sent write ${id} and never held the lease`);
    else if (atMs < leaseSentAt(term.claim)) violations.push(`${by} sent write ${id} before its claim`);
    else if (atMs > limitOf(term))
      violations.push(`${by} sent write ${id} ${(atMs - limitOf(term)).toFixed(3)} ms too late`);
  }
  for (const write of audited) {
    if (write.resource === 'leases' || write.resource === 'events') continue;
    const by = writerOf(write);
    const term = ofWriter(by);
    const what = `${by}: write ${idOf(write)}, version ${write.version ?? `unknown (${write.code})`}`;
    if (!sentAt.has(`${by} write ${idOf(write)}`))
      violations.push(`${what}, was never sent through the fence`);
    else if (term === undefined || isWithin(term, write)) continue;
    else if (write.version !== undefined && write.version < term.from)
      violations.push(`${what}, is in etcd before its term`);
    else if (term.end && isRelease(term.end)) violations.push(`${what}, arrived after the release`);
    else heldBack.push(what);
  }
  return { violations, heldBack };
}
