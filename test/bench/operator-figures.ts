/** Memory and start-up time of the running operator, from its metrics and log. */
import type { Rig } from '../cluster/rig.ts';
import { leadingPod, OPERATOR_NAMESPACE } from '../support/rig/installation.ts';

export interface OperatorFigures {
  readonly rssMiB: number;
  readonly startToSyncedSeconds: number;
}

export async function operatorFigures(rig: Rig): Promise<OperatorFigures> {
  const { name } = await leadingPod(rig);
  const metrics = await metricsOf(rig, name);
  const log = await rig.api.text(`/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods/${name}/log`);
  const synced = log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { time: string; msg: string; to?: string })
    .find(({ msg, to }) => msg === 'state changed' && to === 'standby');
  const startedAt = gauge(metrics, 'process_start_time_seconds') * 1000;
  return {
    rssMiB: gauge(metrics, 'process_resident_memory_bytes') / 2 ** 20,
    startToSyncedSeconds: (Date.parse(synced?.time ?? '') - startedAt) / 1000,
  };
}

/** All metrics of the leader, as Prometheus would read them. */
export async function leaderMetrics(rig: Rig): Promise<string> {
  return metricsOf(rig, (await leadingPod(rig)).name);
}

async function metricsOf(rig: Rig, pod: string): Promise<string> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods/${pod}`;
  const { status } = await rig.api.json<{ status: { podIP: string } }>(path);
  const response = await fetch(`http://${status.podIP}:8080/metrics`, { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

/** Sum of all series of a metric whose labels contain each of these, for example `verb="create"`. */
export function sumOf(metrics: string, name: string, ...labels: readonly string[]): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function gauge(metrics: string, name: string): number {
  const line = metrics.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (!line) throw new Error(`the operator has no metric ${name}`);
  return Number(line.slice(name.length));
}
