/** The soak in short: what would grow for ever grows in a minute too, when everything happens a hundred times faster. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bigCluster } from '../bench/big-cluster.ts';
import { createChurn } from '../bench/churn.ts';
import { processFigures } from '../bench/process-figures.ts';
import { until } from '../cluster/until.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { OPERATOR, type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp-proxy.ts';

const SIZE = { nodes: 60, dnsPods: 20 };
const STEPS_A_ROUND = 600;
const STEPS_A_RESET = 60;
/** What may still be warming up. One kilobyte kept of each change would be more. */
const HEAP_TOLERANCE = 1.05;

/** On the signal: collects all garbage, and says what is left. */
const HEAP_ON_SIGNAL = `
  process.on('SIGUSR2', () => {
    globalThis.gc();
    console.log(JSON.stringify({ level: 'info', msg: 'heap', bytes: process.memoryUsage().heapUsed }));
  });
`;

let server: Apiserver;
let proxy: TcpProxy;
let operator: OperatorProcess;
let round: () => Promise<void>;

beforeAll(async () => {
  server = await startApiserver();
  const { owner, token } = await bigCluster(server, SIZE);
  proxy = await startTcpProxy(Number(new URL(server.url).port));
  const hook = `--import=data:text/javascript,${encodeURIComponent(HEAP_ON_SIGNAL)}`;
  operator = await startOperator(
    { ...server, url: `https://127.0.0.1:${proxy.port}` },
    { token, command: [process.execPath, '--expose-gc', hook, OPERATOR] },
  );
  const churn = createChurn(server, SIZE, owner);
  round = async () => {
    for (let step = 1; step <= STEPS_A_ROUND; step += 1) {
      await churn.step();
      if (step % STEPS_A_RESET === 0) proxy.reset();
    }
    await untilCaughtUp();
  };
});
afterAll(async () => {
  operator.signal('SIGKILL');
  await operator.ended;
  await proxy.close();
  await server.stop();
});

/** A policy that is created now has its status only after everything that came before it was seen. */
async function untilCaughtUp(): Promise<void> {
  const path = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';
  const metadata = { name: 'caught-up' };
  const policy = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSHealthPolicy', metadata, spec: {} };
  await server.call('POST', path, policy);
  await until(
    async () => (await server.call('GET', `${path}/caught-up`)).body.status?.conditions ?? undefined,
    {
      what: 'the operator to catch up',
      timeoutMs: 20_000,
      everyMs: 50,
    },
  );
  await server.call('DELETE', `${path}/caught-up`);
}

async function heapBytes(): Promise<number> {
  const heaps = () => operator.lines.filter(({ msg }) => msg === 'heap');
  const before = heaps().length;
  operator.signal('SIGUSR2');
  const line = await until(() => heaps()[before], { what: 'the size of the heap', timeoutMs: 10_000 });
  return Number(line['bytes']);
}

it('keeps its heap, handles and connections through thousands of changes and resets', {
  timeout: 120_000,
}, async () => {
  await round();
  const handles = processFigures(operator.pid).handles;
  const heap = await heapBytes();
  await round();
  await round();
  // A connection that was cut needs a moment to be gone.
  await expect.poll(() => proxy.connections.open, { timeout: 10_000 }).toBeLessThanOrEqual(2);
  await expect
    .poll(() => processFigures(operator.pid).handles, { timeout: 10_000 })
    .toBeLessThanOrEqual(handles + 1);
  expect((await heapBytes()) / heap).toBeLessThan(HEAP_TOLERANCE);
  expect(proxy.connections.opened).toBeGreaterThan((3 * STEPS_A_ROUND) / STEPS_A_RESET / 2);
  expect(await operator.isReady()).toBe(true);
});
