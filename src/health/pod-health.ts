/** What is known of one DNS pod by asking it, and what that means beside its siblings. */
import type { Outcome } from './round.ts';
import { failingSince, type Series, type Verdict } from './series.ts';

/** Times are epoch milliseconds. */
export interface PodHealth {
  readonly name: string;
  /** null: its container was not asked yet. */
  readonly verdict: Verdict | null;
  /** Of the last round alone. */
  readonly outcome: Outcome | null;
  readonly askedAt: number | null;
  /** When the failures began that the verdict is made of. */
  readonly failingSince: number | null;
  /** Since when it resolves external names; null while it does not. */
  readonly resolvesSince: number | null;
  /** A DNS message came back from this container at some time. */
  readonly wasHeard: boolean;
  /** In the host network DNS may listen on an address that exists on its node only. */
  readonly hostNetwork: boolean;
  /** Whether it forwards to itself: `yes` once a check of its node has shown it, `maybe` while that runs. */
  readonly lateLoop: 'yes' | 'maybe' | 'no';
}

export function podHealth(
  pod: Pick<PodHealth, 'name' | 'hostNetwork' | 'lateLoop'>,
  series: Series | null,
): PodHealth {
  return {
    ...pod,
    // Whatever was found before: it answers now.
    lateLoop: series?.verdict === 'answers' ? 'no' : pod.lateLoop,
    verdict: series?.verdict ?? null,
    outcome: series?.outcome ?? null,
    askedAt: series?.last.at ?? null,
    failingSince: series && failingSince(series),
    resolvesSince: series?.external.rounds === 0 ? series.external.since : null,
    wasHeard: series?.wasHeard ?? false,
  };
}

/** Of a pod in the host network that was never heard nothing can be said. */
export const isAskable = ({ hostNetwork, wasHeard }: PodHealth): boolean => !hostNetwork || wasHeard;

export const answers = ({ verdict }: PodHealth): boolean => verdict === 'answers';

/** It failed twice in a row. */
export const isFailing = (pod: PodHealth): boolean =>
  isAskable(pod) && pod.verdict !== null && pod.verdict !== 'unsure' && pod.verdict !== 'answers';

/** The upstream answers, as this pod shows. */
export const resolvesExternally = ({ resolvesSince }: PodHealth): boolean => resolvesSince !== null;

/** When it was last asked another pod resolved external names, or all others were found to fail as well. */
export function isCompared(pod: PodHealth, all: readonly PodHealth[]): boolean {
  const since = pod.failingSince ?? 0;
  const others = all.filter((other) => other !== pod && other.verdict !== null && isAskable(other));
  const askedSince = others.filter(({ askedAt }) => (askedAt ?? 0) >= since);
  return (
    askedSince.some((other) => resolvedBefore(other, pod)) ||
    (askedSince.length === others.length && askedSince.every(isFailing))
  );
}

/** What its siblings lack may be over for all: the upstream is back, and it was not asked since. */
const resolvedBefore = ({ resolvesSince }: PodHealth, { askedAt }: PodHealth): boolean =>
  resolvesSince !== null && resolvesSince <= (askedAt ?? 0);

/** It is asked now, because a failure waits to be compared with its answers, or is out of date itself. */
export const wantsComparison = (pod: PodHealth, all: readonly PodHealth[]): boolean =>
  (isFailing(pod) && all.some((other) => resolvesExternally(other) && !resolvedBefore(other, pod))) ||
  all.some(
    (other) =>
      other !== pod &&
      isFailing(other) &&
      !isCompared(other, all) &&
      (pod.askedAt ?? 0) < (other.failingSince ?? 0),
  );

/**
 * Whether it does what a DNS pod has to do. `false` only where it fails and a sibling does not, or where it loops: what
 * fails in all of them may have a reason beyond the pods. null: not known.
 */
export function doesAnswer(pod: PodHealth, all: readonly PodHealth[]): boolean | null {
  if (pod.lateLoop === 'yes') return false;
  if (answers(pod)) return true;
  if (!isFailing(pod) || !isCompared(pod, all)) return null;
  // Nothing came back at all: perhaps only the operator has no way to this node, and its clients have one.
  if (pod.verdict === 'silent' || pod.verdict === 'rejected') return null;
  return all.some((other) => other.outcome === 'answers') ? false : null;
}
