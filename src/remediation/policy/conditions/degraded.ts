/** Degraded: something waits for an administrator. */
import type { Phase } from '../../../api/remediation.ts';
import { windowProblems } from '../../maintenance/windows.ts';
import type { Remediation } from '../../world.ts';
import type { PolicyFacts } from '../facts.ts';
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
  const left = facts.remediations.filter(
    (one) => needsSomeone(one) && isLastOfItsNode(one, facts.remediations),
  );
  if (left.length === 0)
    return { status: 'False', reason: 'AsExpected', message: 'Nothing waits for an administrator.' };
  const names = left.map(({ name, status }) => `${name} (${status.phase})`).toSorted();
  return {
    status: 'True',
    reason: 'NeedsAttention',
    message: `Follow the advice in ${listed(names)}, then acknowledge it: \`kubectl describe dnsrem NAME\`.`,
  };
}

const UNSOLVED: readonly Phase[] = ['Refused', 'RolledBack', 'Failed'];
/** A person wanted it to end in this way. */
const AS_ASKED: readonly string[] = ['Rejected', 'RolledBackOnRequest'];

const needsSomeone = ({ acknowledged, status }: Remediation): boolean =>
  !acknowledged && UNSOLVED.includes(status.phase) && !AS_ASKED.includes(status.reason ?? '');

/** What came after it tells more of the node. */
const isLastOfItsNode = (one: Remediation, all: readonly Remediation[]): boolean =>
  all.every(({ spec, createdAt }) => spec.node.uid !== one.spec.node.uid || createdAt <= one.createdAt);
