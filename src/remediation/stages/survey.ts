/** Lists the other pods of the node that were given the wrong resolv.conf. They are named in the record and never touched. */
import { repairedAt } from '../facts.ts';
import { isoTime } from '../record/conditions.ts';
import { act, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

/** Once, and only after a change: a kubelet that was right has given nothing wrong. While the guard watches, so that it takes no time. */
export function survey(situation: Situation): Verdict {
  const { remediation } = situation;
  const until = repairedAt(situation);
  if (remediation.status.repair?.outcome !== 'repaired' || remediation.status.otherPods || until === null)
    return pass;
  const since = wrongSince(situation);
  return act({ kind: 'survey', until: isoTime(until), ...(since !== undefined && { since }) });
}

/**
 * The start of the kubelet that was wrong, if the one before it was right: then older pods have the right file.
 * Undefined where that is not known; every pod that is older than the repair may have the wrong one.
 */
function wrongSince({ remediation: { spec, status } }: Situation): string | undefined {
  const wasRight =
    (spec.trigger === 'Drift' && spec.drift.provenAt !== undefined) ||
    status.repair?.rewritten?.sinceRepair !== undefined;
  return wasRight ? status.repair?.kubelet?.startedBefore : undefined;
}
