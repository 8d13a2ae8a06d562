/** `npm run bench:drift`: from the restart of a kubelet with the wrong value to the healed node, on the rig; writes its section of docs/benchmarks.md. */
import { parseArgs } from 'node:util';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';
import { restoreCluster, untilEnded } from '../support/rig/cluster-state.ts';
import { proveAllNodes, restartWithWrongValue } from '../support/rig/drifting-node.ts';
import { installOperator } from '../support/rig/installation.ts';
import { untilCondition } from '../support/rig/node-checks.ts';
import { writeSection } from './document.ts';
import { type CheckCost, type DriftTimes, driftReport } from './drift-report.ts';
import { leaderMetrics, operatorFigures, sumOf } from './operator-figures.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const runs = Number(values.runs);
const say = progressOn(process.stderr);

async function drift(rig: Rig, node: string): Promise<DriftTimes> {
  await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true']);
  // Just before the program that restarts the kubelet is started.
  const { restartedAt } = await restartWithWrongValue(rig, node);
  const { spec, status } = await untilEnded(rig, node);
  if (status.phase !== 'Healed' || spec.trigger !== 'Drift')
    throw new Error(`${spec.trigger} ${status.phase}: ${status.message}`);
  await untilCondition(rig, node, 'Proven');
  const since = (time: string | undefined): number => (Date.parse(time ?? '') - restartedAt) / 1000;
  const step = (name: string) => since(status.steps.find((one) => one.name === name)?.finishedAt);
  return {
    found: since(spec.drift.foundAt),
    kubeletBack: since(status.repair?.times.restarted),
    proven: step('Prove'),
    released: step('Release'),
    ended: since(status.finishedAt),
  };
}

/** The first checks of the nodes, until their pods are removed. */
async function costOfChecks(rig: Rig): Promise<CheckCost> {
  const before = await leaderMetrics(rig);
  await proveAllNodes(rig, {});
  await until(
    async () => {
      const pods = await rig.api.json<{ items: unknown[] }>('/api/v1/namespaces/dnshealth-check/pods');
      return pods.items.length === 0 || undefined;
    },
    { what: 'the pods of the checks to be removed', timeoutMs: 180_000, everyMs: 500 },
  );
  const after = await leaderMetrics(rig);
  const grown = (name: string, ...labels: readonly string[]): number =>
    sumOf(after, name, ...labels) - sumOf(before, name, ...labels);
  const requests = (verb: string, resource: string): number =>
    grown('rest_client_requests_total', `verb="${verb}"`, `resource="${resource}"`);
  return {
    checks: grown('dnshealth_node_checks_total'),
    created: requests('create', 'pods'),
    written: requests('patch', 'nodes/status'),
    removed: requests('deletecollection', 'pods'),
    seconds: grown('dnshealth_node_check_seconds_sum') / grown('dnshealth_node_check_seconds_count'),
  };
}

const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  await installOperator(rig, say);
  await restoreCluster(rig);
  const cost = await costOfChecks(rig);
  say(`${cost.checks} checks measured`);
  const times: DriftTimes[] = [];
  for (let run = 1; run <= runs; run += 1) {
    // In turn, so that a node has time to settle.
    const node = rig.nodes[run % rig.nodes.length]?.name ?? '';
    const one = await drift(rig, node);
    times.push(one);
    say(
      `run ${run} of ${runs}: ${node} found after ${one.found.toFixed(1)} s, healed after ${one.ended.toFixed(1)} s`,
    );
  }
  const text = driftReport({ times, cost, figures: await operatorFigures(rig) });
  writeSection('Drift', text);
  process.stdout.write(text);
} finally {
  await rig.down();
}
