/** `npm run bench:mass-outage`: the first repair of 300 looping nodes beside that of one alone; writes its section of docs/benchmarks.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { answerTo, framed, startDnsServer } from '../support/network/dns-server.ts';
import { operatorInProcess } from '../support/operator-in-process.ts';
import { cannedCluster } from './canned-cluster.ts';
import { writeSection } from './document.ts';
import { ANSWER_MS, type MassOutageRun, massOutageReport, NODES, ROUNDS } from './mass-outage-report.ts';

/** Of a DNS pod: the operator asks port 53. */
const POD_IP = '127.77.0.3';
const TIMEOUT_MS = 120_000;
const SETTLE_MS = 5_000;
/** How long the requests are counted once all incidents are recorded. */
const LATER_MS = 10_000;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** From the start of a warm operator until the first node is healed, and on until all incidents are recorded. */
async function run(nodes: number): Promise<MassOutageRun> {
  const cluster = cannedCluster({ nodes, answerMs: ANSWER_MS, podIP: POD_IP });
  const operator = await operatorInProcess(cluster.kube);
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  const first = (phase: string) => cluster.remediations().some(({ status }) => status?.phase === phase);
  let verifying: number | undefined;
  while (!first('Healed')) {
    if (first('Verifying')) verifying ??= seconds();
    const failed = cluster.remediations().find(({ status }) => status?.phase === 'Failed');
    if (failed || seconds() * 1000 > TIMEOUT_MS)
      throw new Error(`no node was healed: ${JSON.stringify(failed?.status ?? cluster.remediations()[0])}`);
    await sleep(5);
  }
  const healed = seconds();
  const requests = cluster.requests();
  const claimed = cluster.remediations().length;
  const waits = () => cluster.remediations().filter(({ status }) => status?.reason !== undefined).length;
  while (waits() < nodes) await sleep(50);
  // The last events of the claims.
  await sleep(SETTLE_MS);
  const before = cluster.requests();
  await sleep(LATER_MS);
  const later = (cluster.requests() - before) / (LATER_MS / 1000);
  await operator.stop();
  await operator.recorder.drain();
  return { healed, verifying: verifying ?? healed, requestsPerSecond: requests / healed, claimed, later };
}

const reply = (query: Parameters<typeof answerTo>[0]) =>
  query.questions?.[0]?.name === 'kubernetes.default.svc.cluster.local'
    ? answerTo(query, { addresses: ['10.96.0.1'] })
    : answerTo(query, { rcode: 'NXDOMAIN' });
const dns = await startDnsServer(
  { udp: (query, send) => send(reply(query)), tcp: (query, send) => send(framed(reply(query))) },
  { address: POD_IP, port: 53 },
);
try {
  const alone: MassOutageRun[] = [];
  const together: MassOutageRun[] = [];
  // Alternating, so that other work on the machine meets both.
  for (let round = 1; round <= ROUNDS; round += 1) {
    alone.push(await run(1));
    together.push(await run(NODES));
    say(
      `round ${round}: alone ${alone.at(-1)?.healed.toFixed(1)} s, of ${NODES} ${together.at(-1)?.healed.toFixed(1)} s`,
    );
  }
  const text = massOutageReport(alone, together);
  writeSection('Mass outage', text);
  process.stdout.write(text);
} finally {
  await dns.close();
}
