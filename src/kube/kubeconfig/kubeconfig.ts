/** The login outside a cluster: a context of a kubeconfig, with client-node's ways to log in. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { type ClusterConfig, type Credentials, LoginError, type TlsMaterial } from '../config.ts';
import {
  type Environment,
  type Kubeconfig,
  type KubeconfigChoice,
  readKubeconfig,
} from './kubeconfig-files.ts';
import { type User, unsupportedFields } from './kubeconfig-user.ts';
import { proxyFor } from './proxy.ts';
import { dialThrough } from './tunnel.ts';

/** client-node caches the output of an exec plugin until it expires; that is noticed this much later at most. */
const REREAD_MS = 1_000;

export interface KubeconfigOptions extends KubeconfigChoice {
  readonly env?: Environment;
  readonly clock?: Clock;
}

export interface KubeconfigLogin extends ClusterConfig {
  /** The namespace of the context. */
  readonly namespace: string;
}

/**
 * Logs in once, so that what is wrong with the kubeconfig or its plugin is known at the start.
 * @throws Error that says what is wrong
 */
export async function kubeconfigLogin(options: KubeconfigOptions = {}): Promise<KubeconfigLogin> {
  const { env = process.env, clock = systemClock } = options;
  const file = await readKubeconfig(env, options);
  const { server, proxyUrl, user, namespace } = currentContext(file);
  const proxy = proxyFor(new URL(server), proxyUrl, env);

  let login = load(file);
  let tls: TlsMaterial = {};
  let current: Credentials = { tls };
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Credentials> | undefined;

  async function read(): Promise<Credentials> {
    const https: RequestOptions = {};
    try {
      await login.applyToHTTPSOptions(https);
    } catch (error) {
      // It may have cached output that it cannot use.
      login = load(file);
      throw new LoginError(whyFailed(error, user), { cause: error });
    }
    const next = tlsMaterial(https);
    if (!sameMaterial(tls, next)) tls = next;
    current = { tls, ...headersOf(https) };
    readAt = clock.monotonic();
    return current;
  }

  async function credentials(): Promise<Credentials> {
    if (clock.monotonic() - readAt < REREAD_MS) return current;
    // Shared by the calls that wait: client-node would run a plugin once for each.
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  await credentials();
  return {
    server: server.replace(/\/+$/, ''),
    namespace,
    ...(proxy ? { dial: dialThrough(proxy) } : {}),
    credentials,
    invalidate() {
      // A new login: the old one would keep a refused token until it expires.
      login = load(file);
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function load({ text }: Kubeconfig): KubeConfig {
  const login = new KubeConfig();
  login.loadFromString(text);
  return login;
}

function currentContext(file: Kubeconfig) {
  const login = load(file);
  const fail = (why: string): never => {
    throw new Error(`kubeconfig ${file.from} ${why}`);
  };
  const name =
    login.getCurrentContext() || fail('has no current context: kubectl config use-context sets one');
  const context = login.getContextObject(name) ?? fail(`does not define its current context "${name}"`);
  const cluster =
    login.getCluster(context.cluster) ?? fail(`does not define cluster "${context.cluster}" of its context`);
  const user = file.users.get(context.user) ?? fail(`does not define user "${context.user}" of its context`);
  if (!URL.canParse(cluster.server))
    fail(`is invalid: the server "${cluster.server}" of cluster "${context.cluster}" is not a URL`);
  const unsupported = unsupportedFields(user);
  if (unsupported.length > 0)
    fail(`cannot be used: user "${context.user}" has unsupported fields: ${unsupported.join(', ')}`);
  const namespace = context.namespace ?? 'default';
  return { server: cluster.server, proxyUrl: cluster.proxyUrl, user, namespace };
}

function whyFailed(error: unknown, { exec }: User): string {
  const message = error instanceof Error ? error.message.trim() : String(error);
  const syscall: unknown = error instanceof Error ? Reflect.get(error, 'syscall') : undefined;
  const couldNotSpawn = typeof syscall === 'string' && syscall.startsWith('spawn');
  // The certificates of a user with a plugin are files too.
  if (!exec || (syscall !== undefined && !couldNotSpawn))
    return `cannot log in with the kubeconfig: ${message}`;
  const plugin = `exec plugin ${exec.command}`;
  if (couldNotSpawn)
    return [`${plugin} cannot be started: ${message}`, exec.installHint?.trim()].filter(Boolean).join('; ');
  // What client-node throws if the output is not JSON, or has no status.
  if (error instanceof SyntaxError || error instanceof TypeError)
    return `${plugin} did not print an ExecCredential`;
  return `${plugin} failed: ${message || 'it printed no error'}`;
}

function tlsMaterial(https: RequestOptions): TlsMaterial {
  const { ca, cert, key, servername, rejectUnauthorized } = https;
  return {
    ...(isText(ca) ? { ca } : {}),
    ...(isText(cert) ? { cert } : {}),
    ...(isText(key) ? { key } : {}),
    ...(servername ? { servername } : {}),
    ...(rejectUnauthorized === false ? { rejectUnauthorized } : {}),
  };
}

const isText = (value: unknown): value is string | Buffer =>
  typeof value === 'string' || Buffer.isBuffer(value);

const FIELDS = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
const sameMaterial = (a: TlsMaterial, b: TlsMaterial): boolean =>
  FIELDS.every((field) => String(a[field]) === String(b[field]));

function headersOf({ auth, headers = {} }: RequestOptions): Omit<Credentials, 'tls'> {
  const header = (name: string): string | undefined => {
    const value: unknown = Reflect.get(headers, name);
    // A token file ends in a newline, which a header may not.
    return typeof value === 'string' ? value.trim() : undefined;
  };
  const authorization =
    header('Authorization') ?? (auth ? `Basic ${Buffer.from(auth).toString('base64')}` : undefined);
  const impersonateUser = header('Impersonate-User');
  return { ...(authorization ? { authorization } : {}), ...(impersonateUser ? { impersonateUser } : {}) };
}
