/** Degraded: something waits for an administrator. */
import { windowProblems } from '../../maintenance/windows.ts';
import type { PolicyFacts } from '../facts.ts';
import { unsolved } from '../unsolved.ts';
import { breakerOpen } from './breaker-open.ts';
import { type Judgement, listed } from './judgement.ts';
import { ready } from './ready.ts';

export function degraded(facts: PolicyFacts): Judgement {
  const inForce = ready(facts);
  if (inForce.status === 'False') return { ...inForce, status: 'True' };
  const breaker = breakerOpen(facts);
  if (breaker.status === 'True') return breaker;
  const [badWindow] = windowProblems(facts.policy);
  if (badWindow !== undefined) return { status: 'True', reason: 'InvalidWindow', message: badWindow };
  const left = unsolved(facts.remediations);
  if (left.length === 0)
    return { status: 'False', reason: 'AsExpected', message: 'Nothing waits for an administrator.' };
  const names = left.map(({ name, status }) => `${name} (${status.phase})`).toSorted();
  return {
    status: 'True',
    reason: 'NeedsAttention',
    message: `Follow the advice in ${listed(names)}, then acknowledge it: \`kubectl describe dnsrem NAME\`.`,
  };
}
