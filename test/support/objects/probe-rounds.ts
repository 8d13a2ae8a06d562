/** Builders of what the prober gets to hear: rounds of answers, and series of them. */
import type { Answer } from '../../../src/api/answer.ts';
import type { PodHealths } from '../../../src/controller/prober/pod-healths.ts';
import { podHealth } from '../../../src/health/pod-health.ts';
import type { Failure, Outcome, ProbedAnswer, Round } from '../../../src/health/round.ts';
import { afterRound, type Series } from '../../../src/health/series.ts';

const CLUSTER_NAME = 'kubernetes.default.svc.cluster.local';

export function aProbedAnswer(
  scope: NonNullable<Answer['scope']>,
  protocol: Answer['protocol'],
  failure: Failure | null,
): ProbedAnswer {
  const name = scope === 'Cluster' ? CLUSTER_NAME : 'p1.invalid';
  const right = scope === 'Cluster' ? '10.96.0.1' : 'NXDOMAIN';
  const result = failure ?? right;
  return {
    answer: { protocol, name, type: 'A', scope, result, ok: failure === null, ms: 1 },
    failure,
  };
}

/** What fails in each outcome, over both transports. */
const FAILURES_OF: Readonly<Record<Outcome, readonly [cluster: Failure | null, external: Failure | null]>> = {
  answers: [null, null],
  'external-fails': [null, 'Refused'],
  'cluster-fails': ['WrongAnswer', null],
  fails: ['ServerFailure', 'ServerFailure'],
  rejected: ['Rejected', 'Rejected'],
  silent: ['Timeout', 'Timeout'],
};

export function aRound(outcome: Outcome, at: number): Round {
  const [cluster, external] = FAILURES_OF[outcome];
  const answers = (['udp', 'tcp'] as const).flatMap((protocol) => [
    aProbedAnswer('Cluster', protocol, cluster),
    aProbedAnswer('External', protocol, external),
  ]);
  return { at, answers };
}

/** Rounds of these outcomes, `everyMs` apart from `from` on. */
export function aSeries(outcomes: readonly Outcome[], { from = 0, everyMs = 30_000 } = {}): Series | null {
  return outcomes.reduce<Series | null>(
    (series, outcome, index) => afterRound(series, aRound(outcome, from + index * everyMs)),
    null,
  );
}

/** Where the prober is off, or has not asked yet. */
export const nothingAsked: PodHealths = (pods) =>
  pods.map((pod) => podHealth({ ...pod, lateLoop: 'no' }, null));
