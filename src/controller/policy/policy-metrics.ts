/** What each policy says of itself, and how many ended incidents wait for a person: from the caches, whenever they are read. */
import { UNSOLVED, unsolved } from '../../remediation/policy/unsolved.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { ownRemediations } from '../own-remediations.ts';
import type { Stores } from '../stores.ts';

export function createPolicyMetrics(
  metrics: Metrics,
  stores: Pick<Stores, 'policies' | 'remediations' | 'nodes'>,
): void {
  const condition = metrics.gauge(
    'dnshealth_policy_condition',
    '1 for what each condition of a policy says now',
    ['policy', 'condition', 'status', 'reason'],
  );
  const attention = metrics.gauge(
    'dnshealth_needs_attention',
    'Incidents that ended badly and wait for a person to acknowledge them, by outcome',
    ['policy', 'outcome'],
  );

  metrics.onScrape(() => {
    // What is not said any more, or a policy that is gone, must not keep its last value.
    for (const gauge of [condition, attention]) gauge.reset();
    for (const policy of stores.policies.list()) {
      for (const { type, status, reason } of policy.status.conditions)
        condition.set({ policy: policy.name, condition: type, status, reason }, 1);
      const left = unsolved(ownRemediations(policy, stores));
      for (const outcome of UNSOLVED)
        attention.set(
          { policy: policy.name, outcome },
          left.filter(({ status }) => status.phase === outcome).length,
        );
    }
  });
}
