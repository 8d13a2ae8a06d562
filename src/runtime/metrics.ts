/** The runtime's metrics, under controller-runtime's names, so that existing dashboards and alerts work. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** controller-runtime's buckets of reconcile times, in seconds. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** client-go's buckets of queue times, in seconds. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export const RECONCILE_RESULTS = ['success', 'error', 'requeue_after'] as const;
export type ReconcileResult = (typeof RECONCILE_RESULTS)[number];

export type Metrics = ReturnType<typeof createMetrics>;

interface MetricsOptions {
  /** Also the memory, event loop and garbage collection of this process. @default false */
  readonly process?: boolean;
}

/** A registry that holds the runtime's metrics; `counter`, `gauge` and `histogram` add others. */
export function createMetrics(options: MetricsOptions = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (options.process) collectDefaultMetrics({ register: registry });

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ): Histogram<L> => new Histogram({ name, help, labelNames, buckets: [...buckets], registers });

  const refreshers: (() => void)[] = [];

  return {
    counter,
    gauge,
    histogram,
    /** The text that Prometheus scrapes. */
    scrape: async (): Promise<{ readonly contentType: string; readonly text: string }> => {
      for (const refresh of refreshers) refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    /** Runs before each scrape, for values that grow while nothing happens. */
    onScrape: (refresh: () => void): void => void refreshers.push(refresh),

    reconcileTotal: counter('controller_runtime_reconcile_total', 'Reconciles by result', [
      'controller',
      'result',
    ]),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Failed reconciles', [
      'controller',
    ]),
    reconcileTime: histogram(
      'controller_runtime_reconcile_time_seconds',
      'Duration of a reconcile',
      ['controller'],
      RECONCILE_BUCKETS,
    ),
    maxConcurrent: gauge(
      'controller_runtime_max_concurrent_reconciles',
      'Maximum number of concurrent reconciles',
      ['controller'],
    ),
    activeWorkers: gauge('controller_runtime_active_workers', 'Reconciles running now', ['controller']),

    queueDepth: gauge('workqueue_depth', 'Keys waiting', ['name']),
    queueAdds: counter('workqueue_adds_total', 'Keys added', ['name']),
    queueRetries: counter('workqueue_retries_total', 'Keys added again after a failure', ['name']),
    queueLatency: histogram(
      'workqueue_queue_duration_seconds',
      'Time a key waited before it was processed',
      ['name'],
      QUEUE_BUCKETS,
    ),
    workTime: histogram(
      'workqueue_work_duration_seconds',
      'Time it took to process a key',
      ['name'],
      QUEUE_BUCKETS,
    ),

    longestRunning: gauge(
      'workqueue_longest_running_processor_seconds',
      'Age of the longest running reconcile',
      ['name'],
    ),
    unfinishedWork: gauge('workqueue_unfinished_work_seconds', 'Total age of the running reconciles', [
      'name',
    ]),

    lists: counter('reflector_lists_total', 'Complete lists', ['resource']),
    watchRestarts: counter('reflector_watches_total', 'Watches opened', ['resource']),
    watchFailures: counter('reflector_failures_total', 'Lists and watches that failed', ['resource']),
    malformedObjects: counter('reflector_malformed_objects_total', 'Malformed objects, which are ignored', [
      'resource',
    ]),
    lastContact: gauge(
      'reflector_last_contact_timestamp_seconds',
      'Time of the last contact with the server',
      ['resource'],
    ),
    silence: gauge(
      'reflector_silence_seconds',
      'Time since the server was last heard; of several watches of a resource, of the one that was silent for the longest',
      ['resource'],
    ),

    apiRequests: counter('rest_client_requests_total', 'API requests by verb, resource and HTTP code', [
      'verb',
      'resource',
      'code',
    ]),
    apiRequestTime: histogram(
      'rest_client_request_duration_seconds',
      'Duration of an API request; for a watch, until its headers',
      ['verb'],
      REQUEST_BUCKETS,
    ),
    apiRetries: counter('rest_client_request_retries_total', 'API requests that were retried', [
      'verb',
      'code',
    ]),
    apiConnections: counter('rest_client_connections_total', 'Connections opened to the API server'),

    leaderStatus: gauge('leader_election_master_status', '1 while this process is the leader, else 0', [
      'name',
    ]),

    eventsDropped: counter('events_dropped_total', 'Events that could not be written', ['reason']),
  };
}
