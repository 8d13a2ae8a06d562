/** The operator as shipped: its bundle with the flags of the image, behind a proxy that counts and resets connections. */
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp-proxy.ts';
import { imageCommand, imageEnv } from '../support/rig/image-command.ts';
import { type ProcessFigures, processFigures } from './process-figures.ts';

export const OPERATOR_USER = 'system:serviceaccount:dnshealth-system:dnshealth-operator';

export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface ShippedOperator {
  readonly proxy: TcpProxy;
  readonly process: OperatorProcess;
  /** From the start of the process until it begins to reconcile. */
  readonly syncedSeconds: number;
  figures(): ProcessFigures;
  /** Delay of the event loop since the last call, by the process's own metric; 10 ms when idle, its sampling interval. */
  loopDelay(): Promise<LoopDelay>;
  stop(): Promise<void>;
}

interface ShippedOptions {
  readonly token: string;
  readonly command?: readonly string[];
}

export async function startShippedOperator(
  server: Apiserver,
  options: ShippedOptions,
): Promise<ShippedOperator> {
  const { token, command = imageCommand() } = options;
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const behind = { ...server, url: `https://127.0.0.1:${proxy.port}` };
  const startedAt = performance.now();
  const process = await startOperator(behind, {
    token,
    command,
    // Without the hooks that tests load into the process, as in the image.
    env: { ...imageEnv(), NODE_OPTIONS: undefined },
  });
  await until(() => process.lines.some(({ msg }) => msg === 'reconciling') || undefined, {
    what: `the operator to be synced; end of its log: ${JSON.stringify(process.lines.slice(-3))}`,
    timeoutMs: 60_000,
    everyMs: 10,
  });
  const syncedSeconds = (performance.now() - startedAt) / 1000;
  const metrics = async (): Promise<string> => (await process.get('/metrics'))?.text ?? '';
  return {
    proxy,
    process,
    syncedSeconds,
    figures: () => processFigures(process.pid),
    async loopDelay() {
      const text = await metrics();
      return {
        p99Ms: metricIn(text, 'nodejs_eventloop_lag_p99_seconds') * 1000,
        maxMs: metricIn(text, 'nodejs_eventloop_lag_max_seconds') * 1000,
      };
    },
    async stop() {
      process.signal('SIGTERM');
      await process.ended;
      await proxy.close();
    },
  };
}

function metricIn(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  if (!line) throw new Error(`the operator has no metric ${name}`);
  return Number(line.slice(name.length));
}
