/** The operator in a process of its own against a test apiserver: as the kubelet starts it, or with a kubeconfig. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../../cluster/until.ts';
import { endsWithUs } from '../ends-with-us.ts';
import { freePorts } from '../free-port.ts';
import { HANG_MS } from '../patience.ts';
import { AGENT_IMAGE } from './admission.ts';
import type { Apiserver } from './apiserver.ts';

/** The source, which needs no build. */
export const OPERATOR = fileURLToPath(new URL('../../../src/operator.ts', import.meta.url));
const SERVICE_ACCOUNT = '/run/secrets/kubernetes.io/serviceaccount';

/** The operator's lease. */
export const LEASE = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases/dnshealth-operator';

/** Throws when the process loads a package that takes 50 MiB and is only needed for a kubeconfig. */
const IN_CLUSTER_ONLY = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(name, context, next) {
      if (name === '@kubernetes/client-node') throw new Error('the process in a cluster loads ' + name);
      return next(name, context);
    },
  });
`;

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface OperatorProcess {
  /** All lines so far. Lines on stderr, where none should be, have the level "stderr". */
  readonly lines: readonly LogLine[];
  readonly pid: number;
  readonly healthPort: number;
  /** null while nothing listens. */
  get(path: string): Promise<{ readonly status: number; readonly text: string } | null>;
  isReady(): Promise<boolean>;
  /** Resolves once it is ready. */
  becomesReady(): Promise<void>;
  signal(name: 'SIGTERM' | 'SIGKILL' | 'SIGUSR2' | 'SIGSTOP' | 'SIGCONT'): void;
  /**
   * Kills it and deletes its lease, so that the next process need not wait until the lease has run out. The tests of the
   * election cover that wait.
   */
  remove(): Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface OperatorOptions {
  readonly token: string;
  /** Overrides the environment of a pod; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Program and arguments. @default the source, with this Node */
  readonly command?: readonly string[];
}

/**
 * In its own mount namespace, where the fixed directory of a service account's files can be created without touching
 * the machine's. The operator needs no setting for it that only a test would use. Needs root.
 */
export async function startOperator(server: Apiserver, options: OperatorOptions): Promise<OperatorProcess> {
  const files = await mkdtemp(join(tmpdir(), 'dnshealth-service-account-'));
  await writeFile(join(files, 'token'), options.token);
  await writeFile(join(files, 'namespace'), 'dnshealth-system');
  await copyFile(server.caFile, join(files, 'ca.crt'));
  const [healthPort = 0] = await freePorts(1);
  const { hostname, port } = new URL(server.url);
  const script = `mount -t tmpfs tmpfs /run && mkdir -p ${SERVICE_ACCOUNT} && mount --bind "$1" ${SERVICE_ACCOUNT} && shift && exec "$@"`;
  const inMounts = ['unshare', '--mount', '/bin/sh', '-c', script, 'sh', files];
  const child: ChildProcess = spawn(
    ...endsWithUs([...inMounts, ...(options.command ?? [process.execPath, OPERATOR])]),
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(IN_CLUSTER_ONLY)}`,
        AGENT_IMAGE,
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        HEALTH_PORT: String(healthPort),
        ...options.env,
      },
    },
  );
  return follow(server, child, healthPort, async () => rm(files, { recursive: true }));
}

/** Outside a cluster, as `make run` starts it. */
export async function startOutside(
  server: Apiserver,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OperatorProcess> {
  const [healthPort = 0] = await freePorts(1);
  const child = spawn(...endsWithUs([process.execPath, OPERATOR]), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      AGENT_IMAGE,
      HEALTH_PORT: String(healthPort),
      ...env,
    },
  });
  return follow(server, child, healthPort, async () => {});
}

function follow(
  server: Apiserver,
  child: ChildProcess,
  healthPort: number,
  cleanUp: () => Promise<void>,
): OperatorProcess {
  const lines: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (text) => {
        lines.push(text.startsWith('{') ? JSON.parse(text) : { level: 'stderr', msg: text });
      });
  const ended = once(child, 'close').then(async ([code, signal]: (number | string | null)[]) => {
    await cleanUp();
    return code ?? signal ?? 'unknown';
  });

  const get: OperatorProcess['get'] = async (path) => {
    try {
      const response = await fetch(`http://127.0.0.1:${healthPort}${path}`, {
        signal: AbortSignal.timeout(HANG_MS),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  };
  const isReady = async () => (await get('/readyz'))?.status === 200;
  return {
    lines,
    // The commands in between exec, so that this is the operator itself.
    pid: child.pid ?? 0,
    healthPort,
    get,
    isReady,
    async becomesReady() {
      await until(async () => ((await isReady()) ? true : undefined), {
        what: 'the operator to be ready',
        timeoutMs: HANG_MS,
        everyMs: 20,
      });
    },
    signal: (name) => void child.kill(name),
    async remove() {
      child.kill('SIGKILL');
      await ended;
      await server.call('DELETE', LEASE);
    },
    ended,
  };
}
