/** What the rounds of one target mean one after the other: a failure counts from the second in a row. */
import { type Outcome, outcomeOf, type Round, wasHeard } from './round.ts';

/** One lost round is no finding: a packet is lost, a pod is stopped, an upstream is slow for a second. */
const ROUNDS_TO_BELIEVE = 2;

/** Of one container, not of its pod: after a restart nothing is known of it. Times are epoch milliseconds. */
export interface Series {
  readonly last: Round;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  /** A DNS message came back at some time. */
  readonly wasHeard: boolean;
  readonly cluster: Streak;
  readonly external: Streak;
}

/** How many rounds in a row failed, 0 if the last one did not, and when the first round of this kind was asked. */
interface Streak {
  readonly rounds: number;
  readonly since: number;
}

/** `unsure`: it failed once, and nothing was known before. */
export type Verdict = Outcome | 'unsure';

const CLUSTER_FAILS: readonly Outcome[] = ['cluster-fails', 'fails', 'rejected', 'silent'];
const EXTERNAL_FAILS: readonly Outcome[] = ['external-fails', 'fails', 'rejected', 'silent'];

export function afterRound(before: Series | null, round: Round): Series {
  const outcome = outcomeOf(round);
  const cluster = extend(before?.cluster, CLUSTER_FAILS.includes(outcome), round);
  const external = extend(before?.external, EXTERNAL_FAILS.includes(outcome), round);
  return {
    last: round,
    outcome,
    verdict: verdictOf(outcome, { cluster, external, before: before?.verdict ?? 'unsure' }),
    wasHeard: wasHeard(round) || before?.wasHeard === true,
    cluster,
    external,
  };
}

function extend(before: Streak | undefined, fails: boolean, { at }: Round): Streak {
  const goesOn = before !== undefined && before.rounds > 0 === fails;
  return { rounds: fails ? (before?.rounds ?? 0) + 1 : 0, since: goesOn ? before.since : at };
}

interface Known {
  readonly cluster: Streak;
  readonly external: Streak;
  readonly before: Verdict;
}

/** What failed in this round and in the one before it. Until the second failure the verdict before it holds. */
function verdictOf(outcome: Outcome, { cluster, external, before }: Known): Verdict {
  if (outcome === 'answers') return 'answers';
  const clusterFails = cluster.rounds >= ROUNDS_TO_BELIEVE;
  const externalFails = external.rounds >= ROUNDS_TO_BELIEVE;
  if (clusterFails && externalFails) return outcome;
  // The other name failed in this round only, which does not count yet.
  if (externalFails) return 'external-fails';
  if (clusterFails) return 'cluster-fails';
  return before;
}

/** Its next round decides, and is asked for soon instead of after a whole interval. */
export const isInDoubt = ({ cluster, external, verdict }: Series): boolean =>
  verdict === 'unsure' || [cluster, external].some(({ rounds }) => rounds > 0 && rounds < ROUNDS_TO_BELIEVE);

/** When the first failure was asked that the verdict is made of; null while it answers. */
export function failingSince({ cluster, external }: Series): number | null {
  const failing = [cluster, external].filter(({ rounds }) => rounds > 0).map(({ since }) => since);
  return failing.length === 0 ? null : Math.min(...failing);
}
