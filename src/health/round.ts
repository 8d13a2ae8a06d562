/** One round: all questions that were put to one target at the same time, and what its answers mean together. */
import type { Answer } from '../api/answer.ts';

/** Why an answer is not right. The first three kinds brought no DNS message at all. */
export const FAILURES = [
  'Timeout',
  'Rejected',
  'Unreachable',
  'ServerFailure',
  'Refused',
  'WrongAnswer',
] as const;
export type Failure = (typeof FAILURES)[number];

export interface ProbedAnswer {
  readonly answer: Answer;
  /** null: the answer is right. */
  readonly failure: Failure | null;
}

export interface Round {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly answers: readonly ProbedAnswer[];
}

/**
 * - `answers`: every question, over one transport at least
 * - `external-fails`: it answers for the cluster, and for the external name over no transport
 * - `cluster-fails`: the other way round
 * - `fails`: neither, although DNS messages came back
 * - `rejected`: nothing but rejected connections: the port is closed, or a Service has no endpoint
 * - `silent`: no DNS message came back
 */
export type Outcome = 'answers' | 'external-fails' | 'cluster-fails' | 'fails' | 'rejected' | 'silent';

const NO_MESSAGE: readonly (Failure | null)[] = ['Timeout', 'Rejected', 'Unreachable'];

/** A DNS message came back, right or wrong: there is a way to the target. */
export const wasHeard = ({ answers }: Round): boolean =>
  answers.some(({ failure }) => !NO_MESSAGE.includes(failure));

/** An answer that was lost on one of two transports means nothing. */
export function outcomeOf(round: Round): Outcome {
  const cluster = resolves(round, 'Cluster');
  const external = resolves(round, 'External');
  if (cluster) return external ? 'answers' : 'external-fails';
  if (external) return 'cluster-fails';
  if (wasHeard(round)) return 'fails';
  return round.answers.some(({ failure }) => failure === 'Rejected') ? 'rejected' : 'silent';
}

/** Each question of this scope was answered rightly over one transport at least. */
function resolves({ answers }: Round, scope: NonNullable<Answer['scope']>): boolean {
  const asked = answers.filter(({ answer }) => answer.scope === scope);
  const types = [...new Set(asked.map(({ answer }) => answer.type))];
  return types.every((type) => asked.some((one) => one.answer.type === type && one.failure === null));
}
