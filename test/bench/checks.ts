/** `npm run bench:checks`: all nodes of a big cluster are checked by the operator as shipped; writes its section of docs/benchmarks.md. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../cluster/until.ts';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { type CheckKubelets, startCheckKubelets } from '../support/apiserver/check-kubelets.ts';
import { bundle } from '../support/rig/installation.ts';
import { type AnsweringPods, startAnsweringPods } from './answering-pods.ts';
import { auditMark } from './api-calls.ts';
import { BIG, bigCluster, heartbeat } from './big-cluster.ts';
import { type CheckFigures, checksReport } from './checks-report.ts';
import { writeSection } from './document.ts';
import { requestRate } from './request-rate.ts';
import { OPERATOR_USER, startShippedOperator } from './shipped-operator.ts';
import { makeSteady } from './steady-nodes.ts';

const { values } = parseArgs({
  options: {
    /** Of the first round, which takes 92 at 5,000 nodes. */
    minutes: { type: 'string', default: '15' },
    nodes: { type: 'string', default: `${BIG.nodes}` },
  },
});
const minutes = Number(values.minutes);
const DNS_PODS = 50;
const size = { nodes: Number(values.nodes), dnsPods: DNS_PODS };
const SAMPLE_MS = 10_000;
/** A kubelet reports its status every five minutes. */
const HEARTBEAT_MS = 300_000;
/** The first look at all nodes is over by then. */
const WARM_UP_MS = 150_000;
/** A look at 5,000 nodes, and the rest until the next one: the same in every window of that length. */
const STEADY_MS = 700_000;
const DAY_MS = 86_400_000;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await bundle();
const folder = await mkdtemp(join(tmpdir(), 'dnshealth-bench-'));
const auditPolicy = join(folder, 'audit-policy.json');
// Without bodies: heartbeats with theirs would be gigabytes.
const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] };
await writeFile(auditPolicy, JSON.stringify({ ...policy, omitStages: ['RequestReceived'] }));
const server = await startApiserver([`--audit-policy-file=${auditPolicy}`]);
const kubelets = await startCheckKubelets(server, { runsMs: () => 1_000 + Math.random() * 1_000 });
const beating = new AbortController();
let dns: AnsweringPods | undefined;
try {
  const { token } = await bigCluster(server, size);
  dns = await startAnsweringPods(server, DNS_PODS);
  say(`${size.nodes} nodes`);
  const beats = keepBeating(beating.signal);

  const first = await measure('first round', {
    warmUpMs: 0,
    isOver: (ms) => ms >= minutes * 60_000 || checkedNodes(kubelets) >= size.nodes,
  });
  await makeSteady(server, DAY_MS);
  const steady = await measure('steady', { warmUpMs: WARM_UP_MS, isOver: (ms) => ms >= STEADY_MS });

  const { body } = await server.call('GET', '/api/v1/namespaces/dnshealth-check/pods');
  const podsLeft: number = body.items.length;
  const text = checksReport({ nodes: size.nodes, first, steady, podsLeft });
  writeSection('Checks of nodes', text);
  process.stdout.write(text);
  beating.abort();
  await beats;

  async function measure(
    name: string,
    { warmUpMs, isOver }: { readonly warmUpMs: number; readonly isOver: (ms: number) => boolean },
  ): Promise<CheckFigures> {
    const startedAt = Date.now();
    const before = kubelets.seen.length;
    const operator = await startShippedOperator(server, { token });
    if (warmUpMs === 0)
      await until(() => kubelets.seen.length > before || undefined, {
        what: 'the first check',
        timeoutMs: 60_000,
        everyMs: 10,
      });
    const firstCheckSeconds = (Date.now() - startedAt) / 1000;
    await sleep(warmUpMs);

    const from = Date.now();
    const mark = auditMark(server);
    const { cpuSeconds } = operator.figures();
    const { sent } = operator.proxy;
    const known = kubelets.seen.length - (warmUpMs === 0 ? 1 : 0);
    const rss: number[] = [];
    while (!isOver(Date.now() - from)) {
      await sleep(SAMPLE_MS);
      rss.push(operator.figures().rssMiB);
      if (rss.length % 6 === 0)
        say(
          `${name}, minute ${rss.length / 6}: ${checkedNodes(kubelets)} nodes, ${rss.at(-1)?.toFixed(1)} MiB`,
        );
    }
    const to = Date.now();
    const figures = operator.figures();
    const result: CheckFigures = {
      syncedSeconds: operator.syncedSeconds,
      firstCheckSeconds,
      checks: kubelets.seen.length - known,
      rate: await requestRate(server, OPERATOR_USER, { mark, from, to }),
      rssMiB: rss,
      peakMiB: figures.peakMiB,
      fileMiB: figures.fileMiB,
      cpuSeconds: figures.cpuSeconds - cpuSeconds,
      bytesPerSecond: (operator.proxy.sent - sent) / ((to - from) / 1000),
      delay: await operator.loopDelay(),
    };
    await operator.stop();
    const { rate, ...rest } = result;
    const highest = [1, 10].map((seconds) => rate.highest(seconds));
    say(`${name}: ${JSON.stringify({ ...rest, highest, total: rate.total, kinds: [...rate.byKind] })}`);
    return result;
  }
} finally {
  beating.abort();
  await kubelets.stop();
  await dns?.close();
  await server.stop();
  await rm(folder, { recursive: true });
}

function checkedNodes({ seen }: CheckKubelets): number {
  return new Set(seen.map(({ node }) => node)).size;
}

/** The heartbeats of all kubelets, evenly spread. */
async function keepBeating(signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (let index = 0; !signal.aborted; index += 1) {
    await heartbeat(server, index % size.nodes);
    const next = ((index + 1) * HEARTBEAT_MS) / size.nodes;
    await sleep(Math.max(0, startedAt + next - performance.now()));
  }
}
