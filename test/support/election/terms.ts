/** Who held a lease when, by the audit log, and the writes that somebody made outside of his term. */
import type { AuditedWrite } from '../apiserver/audit-log.ts';

export interface Term {
  readonly by: string;
  /** The claim was answered. */
  readonly from: number;
  /** The next claim, or the giving back, arrived. */
  readonly until: number;
}

/** `writerOf` names the process behind a write. */
export function termsOf(
  writes: readonly AuditedWrite[],
  writerOf: (write: AuditedWrite) => string,
): readonly Term[] {
  const terms: Term[] = [];
  let open: { readonly by: string; readonly from: number } | undefined;
  for (const write of writes) {
    const holder: unknown = write.body?.spec?.holderIdentity;
    if (write.resource !== 'leases' || write.code >= 300 || holder === undefined) continue;
    const by = holder === '' ? undefined : writerOf(write);
    if (by === open?.by) continue;
    if (open) terms.push({ ...open, until: write.receivedAt });
    open = by === undefined ? undefined : { by, from: write.answeredAt };
  }
  if (open) terms.push({ ...open, until: Number.POSITIVE_INFINITY });
  return terms;
}

/** Refused ones too: who tries, has not understood that he does not lead. Leases and events need no leader. */
export function writesOutsideOfTerms(
  writes: readonly AuditedWrite[],
  terms: readonly Term[],
  writerOf: (write: AuditedWrite) => string,
): readonly string[] {
  return writes
    .filter(({ resource }) => resource !== 'leases' && resource !== 'events')
    .filter((write) => {
      const by = writerOf(write);
      const within = (term: Term): boolean =>
        term.by === by && term.from <= write.receivedAt && write.receivedAt < term.until;
      return !terms.some(within);
    })
    .map(
      (write) =>
        `${writerOf(write)} sent ${write.verb} ${write.resource}/${write.name} at ${write.receivedAt}`,
    );
}
