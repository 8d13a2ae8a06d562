/** Metrics of the prober: how fast DNS answers, what fails, and how many pods answer. */
import type { Answer } from '../../api/answer.ts';
import { FAILURES, type ProbedAnswer } from '../../health/round.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** From an answer out of the cache to the time-out. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];
const TARGETS = ['pod', 'service'] as const;
const SCOPES: readonly NonNullable<Answer['scope']>[] = ['Cluster', 'External'];
const PROTOCOLS: readonly Answer['protocol'][] = ['udp', 'tcp'];

export interface ProberMetrics {
  asked(target: (typeof TARGETS)[number], answers: readonly ProbedAnswer[]): void;
  counted(policy: string, pods: { readonly total: number; readonly answering: number }): void;
  /** The policy is gone, or its prober is off. */
  forget(policy: string): void;
}

export function createProberMetrics(metrics: Metrics): ProberMetrics {
  const labels = ['target', 'scope', 'protocol'] as const;
  const seconds = metrics.histogram(
    'dnshealth_probe_seconds',
    'Time to a right answer of a DNS pod or of the cluster DNS Service',
    labels,
    BUCKETS,
  );
  const failures = metrics.counter(
    'dnshealth_probe_failures_total',
    'Questions without a right answer, by kind',
    [...labels, 'kind'],
  );
  const total = metrics.gauge('dnshealth_dns_pods', 'DNS pods of the workload', ['policy']);
  const answering = metrics.gauge('dnshealth_dns_pods_answering', 'DNS pods that answer every question', [
    'policy',
  ]);
  for (const target of TARGETS)
    for (const scope of SCOPES)
      for (const protocol of PROTOCOLS) {
        seconds.zero({ target, scope, protocol });
        for (const kind of FAILURES) failures.inc({ target, scope, protocol, kind }, 0);
      }

  return {
    asked(target, answers) {
      for (const { answer, failure } of answers) {
        const { scope = 'Cluster', protocol, ms } = answer;
        if (failure === null) seconds.observe({ target, scope, protocol }, ms / 1000);
        else failures.inc({ target, scope, protocol, kind: failure });
      }
    },
    counted(policy, pods) {
      total.set({ policy }, pods.total);
      answering.set({ policy }, pods.answering);
    },
    forget(policy) {
      total.remove({ policy });
      answering.remove({ policy });
    },
  };
}
