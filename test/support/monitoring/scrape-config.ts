/** What Prometheus is configured with because of the PodMonitor, written as the Prometheus Operator writes it. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { MONITORING } from './files.ts';

const podMonitorSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    podMetricsEndpoints: z.tuple([
      z.strictObject({ port: z.string(), path: z.string(), interval: z.string() }),
    ]),
  }),
});
const read = (name: string): unknown => parse(readFileSync(new URL(name, MONITORING), 'utf8'));

/** What config/monitoring installs, in the namespace that its kustomization sets. */
const monitor = podMonitorSchema.parse(read('pod-monitor.yaml'));
const { namespace } = z.object({ namespace: z.string() }).parse(read('kustomization.yaml'));
const [endpoint] = monitor.spec.podMetricsEndpoints;

/** Of the 30 s of the PodMonitor. In proportion it would be 0.5 s, which an answer may take on a busy machine. */
const SCRAPE_INTERVAL = '2s';

/** A name as part of a label of the discovery. */
const inLabel = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, '_');

/**
 * The relabelling is the one of prometheus-operator 0.76: only pods with these labels and ports that are not over, the
 * labels namespace, container, pod, job and endpoint. Debian builds Prometheus without the discovery of Kubernetes: the
 * test answers in its place.
 *
 * @param discovery URL of targets with the labels that `role: pod` would give them
 */
export function scrapeConfig(discovery: string): object {
  return {
    job_name: `podMonitor/${namespace}/${monitor.metadata.name}/0`,
    honor_labels: false,
    http_sd_configs: [{ url: discovery, refresh_interval: '1s' }],
    scrape_interval: SCRAPE_INTERVAL,
    scrape_timeout: SCRAPE_INTERVAL,
    metrics_path: endpoint.path,
    relabel_configs: [
      { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' },
      {
        action: 'drop',
        source_labels: ['__meta_kubernetes_pod_phase'],
        regex: '(Failed|Succeeded)',
      },
      ...Object.entries(monitor.spec.selector.matchLabels).map(([label, value]) => ({
        action: 'keep',
        source_labels: [
          `__meta_kubernetes_pod_label_${inLabel(label)}`,
          `__meta_kubernetes_pod_labelpresent_${inLabel(label)}`,
        ],
        regex: `(${value});true`,
      })),
      // The discovery of the Prometheus Operator is limited to this namespace.
      { action: 'keep', source_labels: ['__meta_kubernetes_namespace'], regex: namespace },
      {
        action: 'keep',
        source_labels: ['__meta_kubernetes_pod_container_port_name'],
        regex: endpoint.port,
      },
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
      { target_label: 'job', replacement: `${namespace}/${monitor.metadata.name}` },
      { target_label: 'endpoint', replacement: endpoint.port },
    ],
  };
}

/** A pod as the API shows it, as far as the discovery reads it. */
export interface DiscoveredPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status: { readonly phase?: string; readonly podIP?: string };
}

/** One target for each port of each container, as `role: pod` makes them. */
export const targetsOf = ({ metadata, spec, status }: DiscoveredPod): readonly object[] =>
  status.podIP === undefined
    ? []
    : spec.containers.flatMap(({ name: container, ports = [] }) =>
        ports.map(({ name: port = '', containerPort }) => ({
          targets: [`${status.podIP}:${containerPort}`],
          labels: {
            __meta_kubernetes_namespace: metadata.namespace,
            __meta_kubernetes_pod_name: metadata.name,
            __meta_kubernetes_pod_phase: status.phase ?? '',
            __meta_kubernetes_pod_container_name: container,
            __meta_kubernetes_pod_container_port_name: port,
            ...Object.fromEntries(
              Object.entries(metadata.labels ?? {}).flatMap(([label, value]) => [
                [`__meta_kubernetes_pod_label_${inLabel(label)}`, value],
                [`__meta_kubernetes_pod_labelpresent_${inLabel(label)}`, 'true'],
              ]),
            ),
          },
        })),
      );
