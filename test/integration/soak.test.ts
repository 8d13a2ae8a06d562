/** A short soak: a leak that takes weeks in a cluster shows within thousands of changes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bigCluster } from '../bench/big-cluster.ts';
import { createChurn } from '../bench/churn.ts';
import { processFigures } from '../bench/process-figures.ts';
import { until } from '../cluster/until.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import {
  LEASE,
  OPERATOR,
  type OperatorProcess,
  startOperator,
} from '../support/apiserver/operator-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp-proxy.ts';
import { HANG_MS } from '../support/patience.ts';

const SIZE = { nodes: 60, dnsPods: 20 };
const STEPS_A_ROUND = 600;
const STEPS_A_RESET = 60;
/** Allows for warm-up. One kilobyte leaked by each change would exceed it. */
const HEAP_TOLERANCE = 1.05;

/** On the signal: collects all garbage and logs the size of the heap. */
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
      if (step % STEPS_A_RESET === 0) await reset();
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

let renewedAt: unknown;

/**
 * Only once the operator has renewed its Lease since the last one: whoever cuts each new connection at once takes the
 * Lease from it in ten seconds, and an operator without a Lease ends, as it should.
 */
async function reset(): Promise<void> {
  const renewed = until(
    async () => {
      const { spec } = (await server.call('GET', LEASE)).body;
      return spec?.renewTime === renewedAt ? undefined : spec?.renewTime;
    },
    { what: 'the operator to renew its Lease', timeoutMs: HANG_MS, everyMs: 50 },
  );
  renewedAt = await Promise.race([renewed, died()]);
  proxy.reset();
}

async function died(): Promise<never> {
  const end = await operator.ended;
  throw new Error(`the operator ended with ${end}: ${JSON.stringify(operator.lines.slice(-20))}`);
}

/** A policy that is created now gets its status only after everything before it was processed. */
async function untilCaughtUp(): Promise<void> {
  const path = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';
  const metadata = { name: 'caught-up' };
  const policy = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSHealthPolicy', metadata, spec: {} };
  await server.call('POST', path, policy);
  await until(
    async () => (await server.call('GET', `${path}/caught-up`)).body.status?.conditions ?? undefined,
    {
      what: 'the operator to catch up',
      timeoutMs: HANG_MS,
      everyMs: 50,
    },
  );
  await server.call('DELETE', `${path}/caught-up`);
}

async function heapBytes(): Promise<number> {
  const heaps = () => operator.lines.filter(({ msg }) => msg === 'heap');
  const before = heaps().length;
  operator.signal('SIGUSR2');
  const line = await until(() => heaps()[before], { what: 'the size of the heap', timeoutMs: HANG_MS });
  return Number(line['bytes']);
}

it('keeps its heap, handles and connections through thousands of changes and resets', async () => {
  await round();
  const handles = processFigures(operator.pid).handles;
  const heap = await heapBytes();
  await round();
  await round();
  // A connection that was reset is closed asynchronously.
  await expect.poll(() => proxy.connections.open).toBeLessThanOrEqual(2);
  await expect.poll(() => processFigures(operator.pid).handles).toBeLessThanOrEqual(handles + 1);
  expect((await heapBytes()) / heap).toBeLessThan(HEAP_TOLERANCE);
  expect(proxy.connections.opened).toBeGreaterThan((3 * STEPS_A_ROUND) / STEPS_A_RESET);
  expect(await operator.isReady()).toBe(true);
});
