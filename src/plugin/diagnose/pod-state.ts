/** Whether a DNS pod is well, by its examination and by what is plain to see. Pure. */
import type { CaseAnswer } from '../../diagnosis/case.ts';
import type { Examination } from '../../diagnosis/examination.ts';
import type { GatheredPod } from './gathered.ts';

export type PodState =
  | 'well'
  /** A cause was found. */
  | 'fault'
  /** It does not serve, and nothing that could be read says why. */
  | 'unexplained';

export function podState(
  { facts, stuck, unanswered }: Pick<GatheredPod, 'facts' | 'stuck' | 'unanswered'>,
  { findings }: Pick<Examination, 'findings'>,
): PodState {
  if (findings.length > 0) return 'fault';
  const isServing =
    facts.pod?.ready !== false &&
    stuck === undefined &&
    unanswered === undefined &&
    !failingScope(facts.answers ?? []);
  return isServing ? 'well' : 'unexplained';
}

/** The kind of names that was asked for and never answered rightly. */
export function failingScope(answers: readonly CaseAnswer[]): CaseAnswer['scope'] | undefined {
  return (['Cluster', 'External'] as const).find((scope) => {
    const asked = answers.filter((answer) => answer.scope === scope);
    return asked.length > 0 && asked.every(({ ok }) => !ok);
  });
}
