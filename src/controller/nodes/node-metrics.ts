/** Metrics of the checks of nodes: how many nodes are said to be what, how checks end, and how fast a drift is found. */
import { CHECK_REASONS } from '../../api/drift.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { NODE_CONDITION_REASONS, type NodeConditionReason } from '../../api/node-condition.ts';
import type { Metrics } from '../../runtime/metrics.ts';

type Check = NonNullable<NodeCheckRecord['check']>;

/** Seconds; a check is given a minute. */
const CHECK_BUCKETS = [0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60];
const FOUND_BUCKETS = [1, 2, 3, 5, 8, 10, 15, 30, 60, 300, 600, 1800, 7200];

export interface NodeMetrics {
  /** What the condition of a node says now; null: it has none, which counts as not checked. */
  says(node: string, reason: NodeConditionReason | null): void;
  /** The node is gone, or no DNS pod could run there. */
  forget(node: string): void;
  checked(check: Check): void;
}

export function createNodeMetrics(metrics: Metrics): NodeMetrics {
  const nodes = metrics.gauge(
    'dnshealth_nodes',
    'Linux nodes by the reason of their condition dnshealth.io/ResolverConfigured; NotChecked also for those without it',
    ['reason'],
  );
  const checks = metrics.counter('dnshealth_node_checks_total', 'Checks of nodes by outcome and by why', [
    'outcome',
    'why',
  ]);
  const check = metrics.histogram(
    'dnshealth_node_check_seconds',
    'Time from the start of a check to its result',
    ['outcome'],
    CHECK_BUCKETS,
  );
  const found = metrics.histogram(
    'dnshealth_drift_found_seconds',
    'Time from the start of a kubelet with a looping resolv.conf to the end of the check that found it',
    [],
    FOUND_BUCKETS,
  );
  for (const reason of Object.keys(NODE_CONDITION_REASONS)) nodes.set({ reason }, 0);
  // What is exported for the first time with 1 does not count as an increase.
  for (const outcome of ['proven', 'drifted', 'failed']) {
    check.zero({ outcome });
    for (const why of CHECK_REASONS) checks.inc({ outcome, why }, 0);
  }

  const said = new Map<string, NodeConditionReason>();
  function forget(node: string): void {
    const reason = said.get(node);
    if (reason === undefined) return;
    said.delete(node);
    nodes.dec({ reason });
  }

  return {
    says(node, reason) {
      forget(node);
      said.set(node, reason ?? 'NotChecked');
      nodes.inc({ reason: reason ?? 'NotChecked' });
    },
    forget,
    checked({ outcome, why, startedAt, endedAt, kubeletStartedAt }) {
      const end = Date.parse(endedAt);
      checks.inc({ outcome, why });
      check.observe({ outcome }, (end - Date.parse(startedAt)) / 1000);
      const isFirstOfStart = why === 'KubeletStarted' || why === 'Rebooted';
      if (outcome === 'drifted' && isFirstOfStart && kubeletStartedAt !== undefined)
        found.observe((end - Date.parse(kubeletStartedAt)) / 1000);
    },
  };
}
