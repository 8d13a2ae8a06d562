/** Which ended repair of a node keeps the operator from repairing it again, until an administrator acknowledges it. */
import { isPlanOnRequest } from './facts.ts';
import type { Remediation } from './world.ts';

/**
 * The last such repair; null if there is none. A node that a check found well after a refusal or a failure has recovered
 * from it. A rollback shows that the node does not run with the right value either, which a check cannot take back.
 *
 * @param incidents of the node
 * @param provenAt when a check last found the node well (RFC 3339)
 */
export function leftToSomeone(
  incidents: readonly Remediation[],
  provenAt: string | undefined,
): Remediation | null {
  const wasWellSince = ({ status }: Remediation): boolean =>
    Date.parse(provenAt ?? '') > Date.parse(status.finishedAt ?? '');
  const left = incidents.filter(
    (one) =>
      !one.acknowledged &&
      // The label of the node says what follows from it.
      one.spec.trigger !== 'Rollback' &&
      !isPlanOnRequest(one) &&
      (one.status.phase === 'RolledBack' || (wentWrong(one) && !wasWellSince(one))),
  );
  return left.toSorted((a, b) => endOf(b) - endOf(a))[0] ?? null;
}

const wentWrong = ({ status }: Remediation): boolean =>
  status.phase === 'Refused' || status.phase === 'Failed';
const endOf = ({ status }: Remediation): number => Date.parse(status.finishedAt ?? '') || 0;
