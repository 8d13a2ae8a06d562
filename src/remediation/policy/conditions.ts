/** The conditions of a policy: one table, one small function for each. */
import type { PolicyStatus } from '../../api/policy/status.ts';
import type { Condition } from '../../api/primitives.ts';
import { isoTime } from '../record/conditions.ts';
import { active } from './conditions/active.ts';
import { awaitingApproval } from './conditions/awaiting-approval.ts';
import { breakerOpen } from './conditions/breaker-open.ts';
import { degraded } from './conditions/degraded.ts';
import { healthy } from './conditions/healthy.ts';
import type { Judge, Judgement } from './conditions/judgement.ts';
import { paused } from './conditions/paused.ts';
import { progressing } from './conditions/progressing.ts';
import { ready } from './conditions/ready.ts';
import type { PolicyFacts } from './facts.ts';

/** In the order in which `kubectl describe` shows them. */
const POLICY_CONDITIONS = {
  Ready: ready,
  Progressing: progressing,
  Degraded: degraded,
  Active: active,
  Healthy: healthy,
  Paused: paused,
  BreakerOpen: breakerOpen,
  AwaitingApproval: awaitingApproval,
} as const satisfies Readonly<Record<string, Judge>>;

/** Those of another writer stay as they are. */
export function policyConditions(facts: PolicyFacts): Condition[] {
  const judged = Object.entries(POLICY_CONDITIONS).map(([type, judge]) => ({ type, ...judge(facts) }));
  return updated(facts.previous, judged, facts.policy.generation, facts.now);
}

/** Of a spec that this version does not accept: it was stored under rules that have become stricter since. */
export function conditionsOfInvalidSpec(
  previous: Pick<PolicyStatus, 'conditions'>,
  problem: string,
  { generation, now }: { readonly generation: number; readonly now: number },
): Condition[] {
  const message = `The policy has no effect, because its spec is not valid: ${problem}. Correct it with \`kubectl edit dnshealth\`.`;
  const bad = { reason: 'InvalidSpec', message } as const;
  const judged = [
    { type: 'Ready', status: 'False', ...bad },
    { type: 'Degraded', status: 'True', ...bad },
    { type: 'Active', status: 'False', ...bad },
  ] as const;
  return updated(previous, judged, generation, now);
}

function updated(
  { conditions }: Pick<PolicyStatus, 'conditions'>,
  judged: readonly (Judgement & { readonly type: string })[],
  observedGeneration: number,
  now: number,
): Condition[] {
  const types = new Set(judged.map(({ type }) => type));
  return [
    ...judged.map(({ type, status, reason, message }) => {
      const old = conditions.find((condition) => condition.type === type);
      const lastTransitionTime = old?.status === status ? old.lastTransitionTime : isoTime(now);
      return { type, status, reason, message, lastTransitionTime, observedGeneration };
    }),
    ...conditions.filter(({ type }) => !types.has(type)),
  ];
}
