/** Measures client-node's informer and ours, each in its own process against the same apiserver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { endsWithUs } from '../support/ends-with-us.ts';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp-proxy.ts';
import { apiCalls, aUser, auditMark } from './api-calls.ts';
import { podName } from './cluster-objects.ts';
import type { Report } from './informer-protocol.ts';
import { processFigures } from './process-figures.ts';

/** `stock`: client-node's. `whole`: ours, with whole nodes like the stock one. `ours`: as in the operator, with only the metadata of nodes. */
export const CLIENTS = ['stock', 'whole', 'ours'] as const;
export type Client = (typeof CLIENTS)[number];

export interface ClientFigures {
  readonly syncSeconds: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly callsToSync: number;
  readonly connectionsToSync: number;
  /** From a TCP reset until a later change is seen; null if that is not within the limit. */
  readonly reconnectSeconds: number | null;
}

interface Follower {
  readonly client: Client;
  readonly user: string;
  readonly proxy: TcpProxy;
  readonly child: ChildProcess;
  readonly reports: readonly Report[];
  readonly syncSeconds: number;
  stop(): Promise<void>;
}

const SETTLE_MS = 5_000;
export const RECONNECT_LIMIT_MS = 30_000;

/** Bundled, so that neither type stripping nor unused modules count. */
export async function bundleChild(folder: string): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL('informer-child.ts', import.meta.url))],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'warning',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return `${folder}/informer-child.mjs`;
}

/** @param round is part of the name of the user by which calls are counted */
export async function startFollower(
  server: Apiserver,
  client: Client,
  program: string,
  round: number | string,
): Promise<Follower> {
  const user = await aUser(server, `${client}-${round}`);
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const startedAt = performance.now();
  // All with the same small young generation, but without a heap limit, which the stock one would exceed.
  const child = spawn(...endsWithUs([process.execPath, '--max-semi-space-size=1', program]), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      CLIENT: client,
      SERVER: `https://127.0.0.1:${proxy.port}`,
      CA_FILE: server.caFile,
      TOKEN: user.token,
    },
  });
  const reports: Report[] = [];
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => reports.push(JSON.parse(line)));
  await until(() => reports.some(({ kind }) => kind === 'synced') || undefined, {
    what: `${client} to be synced`,
    timeoutMs: 120_000,
    everyMs: 10,
  });
  return {
    client,
    user: user.name,
    proxy,
    child,
    reports,
    syncSeconds: (performance.now() - startedAt) / 1000,
    async stop() {
      child.kill('SIGKILL');
      await proxy.close();
    },
  };
}

export async function measureClient(
  server: Apiserver,
  client: Client,
  program: string,
  round: number,
): Promise<ClientFigures> {
  const from = auditMark(server);
  const follower = await startFollower(server, client, program, round);
  try {
    await sleep(SETTLE_MS);
    const { rssMiB, peakMiB } = processFigures(follower.child.pid ?? 0);
    const { total } = await apiCalls(server, follower.user, from);
    const connectionsToSync = follower.proxy.connections.opened;
    const reconnectSeconds = await reconnect(server, follower, `${client}-${round}`);
    const { syncSeconds } = follower;
    return { syncSeconds, rssMiB, peakMiB, callsToSync: total, connectionsToSync, reconnectSeconds };
  } finally {
    await follower.stop();
  }
}

/** Resets all connections, changes a pod, and waits until the client sees that. */
async function reconnect(server: Apiserver, follower: Follower, mark: string): Promise<number | null> {
  const at = Date.now();
  follower.proxy.reset();
  const path = `/api/v1/namespaces/kube-system/pods/${podName(0)}`;
  const contentType = 'application/merge-patch+json';
  await server.call('PATCH', path, { metadata: { annotations: { bench: mark } } }, { contentType });
  while (Date.now() - at < RECONNECT_LIMIT_MS) {
    const seen = follower.reports.find((report) => report.kind === 'saw' && report.mark === mark);
    if (seen?.kind === 'saw') return (seen.at - at) / 1000;
    await sleep(20);
  }
  return null;
}
