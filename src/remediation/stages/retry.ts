/**
 * Between two attempts: nothing is held, no Job is left, and the incident ends as soon as a repair is no longer needed.
 *
 * | between two attempts               | answer                          |
 * | ---------------------------------- | ------------------------------- |
 * | the node is held                   | release it                      |
 * | the Job of the last attempt exists | take it back: Retry             |
 * | an inspection of it exists         | remove it                       |
 * | a repair is not needed any more    | end as Cancelled                |
 * | the next attempt is not due        | wait                            |
 * | the Job is not gone yet            | wait: its name is that of the next one, and its agent may hold the lock |
 * | otherwise                          | begin; `admit` asks all guards again |
 */
import { RECHECK_MS } from '../deadlines.ts';
import { changedTheNode, holdsNode, isBeingRemoved, isPlanOnRequest } from '../facts.ts';
import { nodeExists } from '../guards/node-exists.ts';
import { nodeIsNotExcluded } from '../guards/node-not-excluded.ts';
import { platformIsMutable } from '../guards/platform-mutable.ts';
import { policyAllows } from '../guards/policy-allows.ts';
import { stillSick, untilRecovered } from '../guards/still-sick.ts';
import { whyItWaits } from '../record/attempts.ts';
import { passesByItself } from '../record/passing.ts';
import { act, pass, record, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

/** The guards that do not wait, but end an incident that has become pointless. */
const STILL_NEEDED = [policyAllows, nodeExists, nodeIsNotExcluded, platformIsMutable, stillSick] as const;

export function retry(situation: Situation): Verdict {
  const { remediation, world, now } = situation;
  const { status } = remediation;
  if (status.nextAttempt === undefined) return pass;
  if (holdsNode(situation) || status.quarantine?.heldSince !== undefined) return act({ kind: 'release' });

  const job = world.repairJob;
  if (job && !isBeingRemoved(situation, job))
    return act({
      kind: 'take-back-repair',
      because: 'Retry',
      why: 'The next attempt needs a new Job.',
      uid: job.uid,
    });
  if (world.inspection && !world.inspection.deleting) return act({ kind: 'remove-inspection' });
  for (const guard of STILL_NEEDED) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  const leftMs = Date.parse(status.nextAttempt) - now;
  if (leftMs > 0)
    return wait('AwaitingRetry', whyItWaits(status), Math.min(leftMs, untilRecovered(situation)));
  if (job || world.inspection)
    return wait('AwaitingRetry', 'The Job of the last attempt is being removed.', RECHECK_MS);
  return record({ kind: 'attempt-begins' });
}

/**
 * Instead of the end of an incident whose reason passes by itself: the end of this attempt. Not once the agent has
 * changed the node: another attempt would restart the kubelet again.
 */
export function tryAgainLater(verdict: Verdict, { remediation }: Situation): Verdict {
  // A person who asked for a plan or a rollback is told now, and may ask again.
  const isTriedAgain =
    verdict.kind === 'end' && !isPlanOnRequest(remediation) && remediation.spec.trigger !== 'Rollback';
  return isTriedAgain && !changedTheNode(remediation.status) && passesByItself(verdict.ending)
    ? record({ kind: 'attempt-ended', ending: verdict.ending })
    : verdict;
}
