/** AwaitingApproval: plans that wait for the answer of a person. */
import type { PolicyFacts } from '../facts.ts';
import { type Judgement, listed } from './judgement.ts';

export function awaitingApproval({ remediations }: PolicyFacts): Judgement {
  const waiting = remediations.filter(({ status }) => status.phase === 'AwaitingApproval');
  if (waiting.length === 0)
    return { status: 'False', reason: 'NoPlanWaits', message: 'No plan waits for an approval.' };
  const names = waiting.map(({ name, spec }) => `${name} (node ${spec.node.name})`).toSorted();
  return {
    status: 'True',
    reason: 'PlanWaits',
    message: `Waiting for an answer: ${listed(names)}. Look at the plan with \`kubectl describe dnsrem NAME\`, then \`kubectl dnshealth approve NAME\` or \`kubectl dnshealth reject NAME --reason ...\`.`,
  };
}
