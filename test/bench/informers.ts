/** The stock informer and ours, in turn, each in a process of its own against the same apiserver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { startTcpProxy, type TcpProxy } from '../support/network/tcp-proxy.ts';
import { apiCalls, aUser, auditMark } from './api-calls.ts';
import { podName } from './big-cluster.ts';
import type { Told } from './informer-protocol.ts';
import { processFigures } from './process-figures.ts';

/** `whole`: ours, asking for whole nodes as the stock one does. `ours`: as the operator watches, nodes by their metadata. */
export const CLIENTS = ['stock', 'whole', 'ours'] as const;
export type Client = (typeof CLIENTS)[number];

export interface ClientFigures {
  readonly syncSeconds: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly callsToSync: number;
  readonly connectionsToSync: number;
  /** From a TCP reset until a change made after it was seen; null: not within the limit. */
  readonly reconnectSeconds: number | null;
}

export interface Follower {
  readonly client: Client;
  readonly user: string;
  readonly proxy: TcpProxy;
  readonly child: ChildProcess;
  readonly told: readonly Told[];
  readonly syncSeconds: number;
  stop(): Promise<void>;
}

const SETTLE_MS = 5_000;
export const RECONNECT_LIMIT_MS = 30_000;

/** One file per client: TypeScript's stripper and half of node_modules are no part of the comparison. */
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

/** @param round makes the name of the user, by which its calls are counted */
export async function startFollower(
  server: Apiserver,
  client: Client,
  program: string,
  round: number | string,
): Promise<Follower> {
  const user = await aUser(server, `${client}-${round}`);
  const proxy = await startTcpProxy(Number(new URL(server.url).port));
  const startedAt = performance.now();
  // Both with the same small young generation; no limit of the heap, which the stock one would not live within.
  const child = spawn(process.execPath, ['--max-semi-space-size=1', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      CLIENT: client,
      SERVER: `https://127.0.0.1:${proxy.port}`,
      CA_FILE: server.caFile,
      TOKEN: user.token,
    },
  });
  const told: Told[] = [];
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  await until(() => told.some(({ kind }) => kind === 'synced') || undefined, {
    what: `${client} to be synced`,
    timeoutMs: 120_000,
    everyMs: 10,
  });
  return {
    client,
    user: user.name,
    proxy,
    child,
    told,
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

/** Cuts all connections, changes a pod, and waits until the client has seen that. */
async function reconnect(server: Apiserver, follower: Follower, mark: string): Promise<number | null> {
  const at = Date.now();
  follower.proxy.reset();
  const path = `/api/v1/namespaces/kube-system/pods/${podName(0)}`;
  const contentType = 'application/merge-patch+json';
  await server.call('PATCH', path, { metadata: { annotations: { bench: mark } } }, { contentType });
  while (Date.now() - at < RECONNECT_LIMIT_MS) {
    const seen = follower.told.find((told) => told.kind === 'saw' && told.mark === mark);
    if (seen?.kind === 'saw') return (seen.at - at) / 1000;
    await sleep(20);
  }
  return null;
}
