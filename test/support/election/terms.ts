/** Who held a lease when, in etcd's order, and the writes that were made outside of their writer's term. */
import type { AuditedWrite } from '../apiserver/audit-log.ts';

export interface Term {
  readonly by: string;
  /** The lease's version after the claim. */
  readonly from: number;
  /** The lease's version after the next claim or the release. */
  readonly until: number;
  readonly claim: AuditedWrite;
  /** The next claim or the release; undefined for the last term. */
  readonly end: AuditedWrite | undefined;
}

export type WriterOf = (write: AuditedWrite) => string;

/** `writerOf` names the process behind a write. */
export function termsOf(writes: readonly AuditedWrite[], writerOf: WriterOf): readonly Term[] {
  const terms: Term[] = [];
  let open: { readonly by: string; readonly from: number; readonly claim: AuditedWrite } | undefined;
  for (const { version, write } of leaseHistory(writes)) {
    const by = isRelease(write) ? undefined : writerOf(write);
    if (by === open?.by) continue;
    if (open) terms.push({ ...open, until: version, end: write });
    open = by === undefined ? undefined : { by, from: version, claim: write };
  }
  if (open) terms.push({ ...open, until: Number.POSITIVE_INFINITY, end: undefined });
  return terms;
}

export const isRelease = ({ body }: AuditedWrite): boolean => body.spec.holderIdentity === '';

/**
 * The lease's versions and the writes that made them. A write that was answered with an error may have been committed:
 * then a later write names its version as the one that it replaces.
 */
function leaseHistory(
  writes: readonly AuditedWrite[],
): readonly { readonly version: number; readonly write: AuditedWrite }[] {
  const leases = writes.filter(({ resource, verb }) => resource === 'leases' && verb !== 'delete');
  const made = new Map(leases.flatMap((write) => (write.version ? [[write.version, write] as const] : [])));
  const versions = [...new Set([...made.keys(), ...leases.flatMap((write) => replacedBy(write) ?? [])])];
  versions.sort((a, b) => a - b);
  return versions.map((version, index) => {
    const before = versions[index - 1];
    const write =
      made.get(version) ?? leases.find((one) => mayBeCommitted(one) && replacedBy(one) === before);
    if (!write) throw new Error(`no write in the audit log explains version ${version} of the lease`);
    return { version, write };
  });
}

const mayBeCommitted = ({ version, code }: AuditedWrite): boolean =>
  version === undefined && (code === 0 || code >= 500);

function replacedBy({ body }: AuditedWrite): number | undefined {
  const version: unknown = body?.metadata?.resourceVersion;
  return version === undefined ? undefined : Number(version);
}

/**
 * Refused writes are judged by their time of arrival: a process that tries has not understood that it does not lead.
 * Leases and events need no leader.
 */
export function writesOutsideOfTerms(
  writes: readonly AuditedWrite[],
  terms: readonly Term[],
  writerOf: WriterOf,
): readonly string[] {
  return writes
    .filter(({ resource }) => resource !== 'leases' && resource !== 'events')
    .filter((write) => !terms.some((term) => term.by === writerOf(write) && isWithin(term, write)))
    .map((write) => `${writerOf(write)}: ${write.verb} ${write.resource}/${write.name}, ${placeOf(write)}`);
}

const placeOf = ({ version, code, receivedAt }: AuditedWrite): string =>
  version === undefined ? `answered with ${code}, received at ${receivedAt}` : `version ${version}`;

export function isWithin(term: Term, { version, receivedAt }: AuditedWrite): boolean {
  if (version !== undefined) return term.from < version && version < term.until;
  const until = term.end?.receivedAt ?? Number.POSITIVE_INFINITY;
  // The apiserver stamps an answer before it sends it, so that a leader cannot act on it sooner.
  return term.claim.answeredAt <= receivedAt && receivedAt < until;
}
