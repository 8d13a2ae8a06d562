/** The login of a pod: the service account's token and CA, without any kubeconfig code in the process. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { ClusterConfig, Credentials, TlsMaterial } from './config.ts';

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet renews a token at 80 % of its lifetime, an hour by default, so a minute late is early enough. */
const REREAD_MS = 60_000;

interface InClusterOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
  readonly clock?: Clock;
}

interface InClusterConfig extends ClusterConfig {
  /** Of the pod. */
  readonly namespace: string;
}

/** One of the two is enough: a pod that lacks the other is misconfigured, and must not look for a kubeconfig. */
export const isInCluster = (env: Readonly<Record<string, string | undefined>>): boolean =>
  Boolean(env['KUBERNETES_SERVICE_HOST'] || env['KUBERNETES_SERVICE_PORT']);

/** @throws Error if a variable or a file that every pod has is missing */
export async function inClusterConfig(options: InClusterOptions = {}): Promise<InClusterConfig> {
  const { env = process.env, directory = SERVICE_ACCOUNT_DIRECTORY, clock = systemClock } = options;
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port)
    throw new Error(
      `not in a pod: ${host ? 'KUBERNETES_SERVICE_PORT' : 'KUBERNETES_SERVICE_HOST'} is not set`,
    );

  let tls: TlsMaterial = {};
  let current: Credentials = { tls };
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Credentials> | undefined;

  async function read(): Promise<Credentials> {
    const [token, ca] = await Promise.all([
      readFile(join(directory, 'token'), 'utf8'),
      readFile(join(directory, 'ca.crt'), 'utf8'),
    ]);
    if (ca !== tls.ca) tls = { ca };
    current = { tls, authorization: `Bearer ${token.trim()}` };
    readAt = clock.monotonic();
    return current;
  }

  async function credentials(): Promise<Credentials> {
    if (clock.monotonic() - readAt < REREAD_MS) return current;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    try {
      return await reading;
    } catch (error) {
      // The kubelet swaps the files by a symlink. If one is missing for a moment, the old token still works.
      if (current.authorization !== undefined) return current;
      throw error;
    }
  }

  await credentials();
  const namespace = (await readFile(join(directory, 'namespace'), 'utf8')).trim();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace,
    credentials,
    invalidate() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}
