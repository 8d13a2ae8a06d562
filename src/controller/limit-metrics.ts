/** What waits and why, and what holds each policy: counted from the caches whenever the metrics are read. */
import { activePauses } from '../remediation/maintenance/pauses.ts';
import { breakerOf } from '../remediation/rollout/breaker.ts';
import { WAITS_OF_LIMITS } from '../remediation/waits.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { pauseOfAll, type Stores } from './stores.ts';

type Caches = Pick<Stores, 'policies' | 'remediations' | 'ownNamespace'>;

export function createLimitMetrics(metrics: Metrics, stores: Caches, now: () => number): void {
  const waiting = metrics.gauge(
    'dnshealth_waiting',
    'Incidents that wait now, by the reason that their record gives',
    ['reason'],
  );
  const breakerOpen = metrics.gauge(
    'dnshealth_breaker_open',
    '1 while failed repairs under a policy stop all further ones, else 0',
    ['policy'],
  );
  const paused = metrics.gauge(
    'dnshealth_paused',
    '1 while a person has paused a policy, or all policies, else 0',
    ['policy'],
  );

  metrics.onScrape(() => {
    const counts = new Map<string, number>(WAITS_OF_LIMITS.map((reason) => [reason, 0]));
    for (const { status } of stores.remediations.list())
      if ((status.phase === 'Pending' || status.phase === 'AwaitingApproval') && status.reason !== undefined)
        counts.set(status.reason, (counts.get(status.reason) ?? 0) + 1);
    // What has not waited for a reason any more, or a policy that is gone, must not keep its last value.
    for (const gauge of [waiting, breakerOpen, paused]) gauge.reset();
    for (const [reason, count] of counts) waiting.set({ reason }, count);
    for (const { name, uid, spec } of stores.policies.list()) {
      const rollout = { policyUID: uid, workload: spec.workload };
      const { open } = breakerOf(stores.remediations.list(), rollout, spec, now());
      const isPaused = pauseOfAll(stores) !== null || activePauses(spec.pause, now()).length > 0;
      breakerOpen.set({ policy: name }, open ? 1 : 0);
      paused.set({ policy: name }, isPaused ? 1 : 0);
    }
  });
}
