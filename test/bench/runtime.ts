/** `npm run bench:runtime`: client-node's informer, ours, and the whole operator, with 5,000 nodes; writes its section of docs/benchmarks.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { bundle } from '../support/rig/installation.ts';
import { apiCalls, auditMark } from './api-calls.ts';
import { BIG, bigCluster } from './big-cluster.ts';
import { writeSection } from './document.ts';
import { bundleChild, CLIENTS, type ClientFigures, measureClient, startFollower } from './informers.ts';
import { measureOperator, type OperatorLoad } from './operator-load.ts';
import { type IdleCalls, runtimeReport } from './runtime-report.ts';
import { OPERATOR_USER, startShippedOperator } from './shipped-operator.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, 'idle-seconds': { type: 'string', default: '300' } },
});
const runs = Number(values.runs);
const idleSeconds = Number(values['idle-seconds']);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Measures all at the same time, as they only wait. */
async function idleCalls(server: Apiserver, program: string, token: string): Promise<IdleCalls> {
  const operator = await startShippedOperator(server, { token });
  const followers = await Promise.all(
    CLIENTS.map(async (client) => startFollower(server, client, program, 'idle')),
  );
  await sleep(10_000);
  const from = auditMark(server);
  await sleep(idleSeconds * 1000);
  const calls = async (user: string) => apiCalls(server, user, from);
  const [operatorCalls, ...others] = await Promise.all([
    calls(OPERATOR_USER),
    ...followers.map(async ({ user }) => calls(user)),
  ]);
  await Promise.all([operator.stop(), ...followers.map(async (follower) => follower.stop())]);
  const [stock = 0, whole = 0, ours = 0] = others.map(({ total }) => total);
  return { seconds: idleSeconds, clients: { stock, whole, ours }, operator: operatorCalls };
}

await bundle();
const folder = await mkdtemp(join(tmpdir(), 'dnshealth-bench-'));
const server = await startApiserver();
try {
  const program = await bundleChild(folder);
  const { owner, token } = await bigCluster(server, BIG);
  const clients = { stock: [] as ClientFigures[], whole: [] as ClientFigures[], ours: [] as ClientFigures[] };
  const operator: OperatorLoad[] = [];
  for (let round = 1; round <= runs; round += 1) {
    // In turn, so that a change in the machine's speed affects all.
    for (const client of CLIENTS) {
      const figures = await measureClient(server, client, program, round);
      clients[client].push(figures);
      say(`round ${round} of ${runs}: ${client} ${JSON.stringify(figures)}`);
    }
    const load = await measureOperator(server, token, BIG, owner);
    operator.push(load);
    say(`round ${round} of ${runs}: operator ${JSON.stringify(load)}`);
  }
  say(`idle for ${idleSeconds} s`);
  const text = runtimeReport({ clients, operator, idle: await idleCalls(server, program, token) });
  writeSection('Runtime', text);
  process.stdout.write(text);
} finally {
  await server.stop();
  await rm(folder, { recursive: true });
}
