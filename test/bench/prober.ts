/** `npm run bench:prober`: what asking 50 DNS pods costs, in questions, API requests and CPU; writes its section of docs/benchmarks.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { bundle } from '../support/rig/installation.ts';
import { type AnsweringPods, startAnsweringPods } from './answering-pods.ts';
import { bigCluster } from './big-cluster.ts';
import { writeSection } from './document.ts';
import { PODS, type ProberFigures, proberReport, SECONDS } from './prober-report.ts';
import { startShippedOperator } from './shipped-operator.ts';

const MERGE = { contentType: 'application/merge-patch+json' };
const POLICY = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns';
/** The first round of all pods, after the start. */
const WARM_UP_MS = 45_000;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await bundle();
const server = await startApiserver();
let pods: AnsweringPods | undefined;
try {
  const { token } = await bigCluster(server, { nodes: PODS, dnsPods: PODS });
  pods = await startAnsweringPods(server, PODS);
  const operator = await startShippedOperator(server, { token });

  async function measure(intervalSeconds: number): Promise<ProberFigures> {
    await server.call('PATCH', POLICY, { spec: { prober: { intervalSeconds } } }, MERGE);
    await sleep(WARM_UP_MS);
    const before = { ...(await figures()), questions: pods?.questions ?? 0 };
    await sleep(SECONDS * 1000);
    const after = { ...(await figures()), questions: pods?.questions ?? 0 };
    say(`interval ${intervalSeconds} s: ${after.questions - before.questions} questions`);
    return {
      questions: after.questions - before.questions,
      apiRequests: after.apiRequests - before.apiRequests,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      rssMiB: operator.figures().rssMiB,
    };
  }

  async function figures(): Promise<{ readonly apiRequests: number; readonly cpuSeconds: number }> {
    const text = (await operator.process.get('/metrics'))?.text ?? '';
    return {
      apiRequests: sumOf(text, 'rest_client_requests_total'),
      cpuSeconds: sumOf(text, 'process_cpu_seconds_total'),
    };
  }

  const off = await measure(0);
  const on = await measure(30);
  const { body } = await server.call('GET', POLICY);
  const text = proberReport(
    on,
    off,
    body.status.prober.intervalSeconds,
    body.status.dnsPods.answeringSummary,
  );
  writeSection('Prober', text);
  process.stdout.write(text);
  await operator.stop();
} finally {
  await pods?.close();
  await server.stop();
}

/** Over all labels. */
function sumOf(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  if (lines.length === 0) throw new Error(`the operator has no metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
