/** The configuration of a person or a test: a kubeconfig file, read by client-node with all its ways to log in. */
import type { RequestOptions } from 'node:https';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { ClusterConfig, Credentials, TlsMaterial } from './config.ts';

/** Exec plugins and identity providers issue short tokens; client-node keeps those until they expire. */
const REREAD_MS = 60_000;

export interface KubeconfigOptions {
  /** @default $KUBECONFIG, then ~/.kube/config */
  readonly path?: string;
  readonly context?: string;
  readonly clock?: Clock;
}

/** @throws Error when the file has no usable current context. */
export async function kubeconfig(options: KubeconfigOptions = {}): Promise<ClusterConfig> {
  const { clock = systemClock } = options;
  // Imported here: in a pod this is never reached, and client-node costs 50 MiB and half a second.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const file = new KubeConfig();
  if (options.path === undefined) file.loadFromDefault();
  else file.loadFromFile(options.path);
  if (options.context !== undefined) file.setCurrentContext(options.context);
  const cluster = file.getCurrentCluster();
  if (!cluster) throw new Error(`kubeconfig ${options.path ?? ''}: the current context names no cluster`);

  let tls: TlsMaterial = {};
  let current: Credentials = { tls };
  let readAt = Number.NEGATIVE_INFINITY;

  async function credentials(): Promise<Credentials> {
    if (clock.monotonic() - readAt < REREAD_MS) return current;
    const https: RequestOptions = {};
    await file.applyToHTTPSOptions(https);
    const next = pick(https);
    if (!sameMaterial(tls, next)) tls = next;
    const authorization = headerOf(https, 'Authorization');
    current = { tls, ...(authorization ? { authorization } : {}) };
    readAt = clock.monotonic();
    return current;
  }

  const namespace = file.getContextObject(file.getCurrentContext())?.namespace;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ...(namespace ? { namespace } : {}),
    credentials,
    invalidate() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function pick(https: RequestOptions): TlsMaterial {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = https;
  return {
    ...(isText(ca) ? { ca } : {}),
    ...(isText(cert) ? { cert } : {}),
    ...(isText(key) ? { key } : {}),
    ...(passphrase ? { passphrase } : {}),
    ...(servername ? { servername } : {}),
    ...(rejectUnauthorized === false ? { rejectUnauthorized } : {}),
  };
}

const isText = (value: unknown): value is string | Buffer =>
  typeof value === 'string' || Buffer.isBuffer(value);

const FIELDS = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'] as const;
const sameMaterial = (a: TlsMaterial, b: TlsMaterial): boolean =>
  FIELDS.every((field) => String(a[field]) === String(b[field]));

function headerOf(https: RequestOptions, name: string): string | undefined {
  const headers = https.headers;
  if (!headers || Array.isArray(headers)) return undefined;
  const value = (headers as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
