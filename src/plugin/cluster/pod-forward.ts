/** A stream to one port of a pod through the API server, as `kubectl port-forward` opens it; nothing is created. */
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type KubeConfig, PortForward } from '@kubernetes/client-node';
import { createDnsStream, type DnsStream } from '../../dns/dns-stream.ts';
import type { ClusterConfig } from '../../kube/config.ts';
import { KubeError } from '../../kube/errors.ts';
import { type Dial, withoutBrackets } from '../../kube/wire/dial.ts';

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface Forward {
  readonly dns: DnsStream;
  close(): void;
}

/**
 * Opens it. What the kubelet cannot do, for example because nothing listens there, fails the questions that are asked.
 *
 * @throws KubeError if the API refuses it or cannot be reached, or the signal's reason
 */
export async function forwardTo(
  config: ClusterConfig,
  { namespace, pod, port }: PodPort,
  signal: AbortSignal,
): Promise<Forward> {
  const [toPod, fromPod, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const dns = createDnsStream((bytes) => void toPod.write(bytes));
  fromPod.on('data', (chunk: Buffer) => dns.receive(chunk));
  errors.on('data', (text: Buffer) => dns.fail(new Error(text.toString('utf8').trim())));
  const opening = new PortForward(loginOf(config)).portForward(
    namespace,
    pod,
    [port],
    fromPod,
    errors,
    toPod,
  );
  const socket = await settled(opening, signal, `pods/portforward ${namespace}/${pod}`);
  socket.addEventListener('close', () => dns.fail(new Error('the connection was closed without an answer')));
  return { dns, close: () => socket.terminate() };
}

type Opening = ReturnType<PortForward['portForward']>;
type WebSocket = Exclude<Awaited<Opening>, (() => unknown) | null>;

/** client-node takes no signal: one that opens too late is closed. */
async function settled(opening: Opening, signal: AbortSignal, what: string): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  opening
    .then((socket) => {
      // A function comes only from the variant that reconnects.
      if (typeof socket === 'function' || socket === null) throw new TypeError('no socket was opened');
      if (signal.aborted) socket.terminate();
      resolve(socket);
    })
    .catch((error: unknown) => reject(refusal(error, what)));
  try {
    signal.throwIfAborted();
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** ws reports a refused upgrade in words only: "Unexpected server response: 403". */
function refusal(event: unknown, what: string): KubeError {
  const message: unknown =
    event !== null && typeof event === 'object' ? Reflect.get(event, 'message') : event;
  const text = String(message);
  const code = Number(/Unexpected server response: (\d+)/.exec(text)?.[1] ?? 0);
  const reason = code === 403 ? 'Forbidden' : code === 0 ? 'Unreachable' : 'Refused';
  return new KubeError({ code, reason, verb: 'create', what, message: text, cause: event });
}

/** What PortForward uses of a KubeConfig, from the login that all other requests use: an exec plugin is not run twice. */
function loginOf(config: ClusterConfig): KubeConfig {
  const { server, dial } = config;
  const login: Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'> = {
    getCurrentCluster: () => ({ name: 'current', server, skipTLSVerify: false }),
    async applyToHTTPSOptions(options) {
      const { tls, authorization, impersonateUser } = await config.credentials();
      options.headers = {
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(impersonateUser === undefined ? {} : { 'Impersonate-User': impersonateUser }),
      };
      Object.assign(options, tls, dial ? { agent: agentOver(dial) } : {});
    },
  };
  return login as KubeConfig;
}

/** For the connection to the proxy and through it. */
const DIAL_TIMEOUT_MS = 5_000;

/** ws asks Node's own agent for a connection: this one opens it through the proxy. */
function agentOver(dial: Dial): Agent {
  const agent = new Agent();
  agent.createConnection = (options, done) => void open(dial, options, done);
  return agent;
}

type CreateConnection = Agent['createConnection'];

async function open(dial: Dial, ...[options, done]: Parameters<CreateConnection>): Promise<void> {
  const { host, port } = options;
  let stream: Socket;
  try {
    ({ stream } = await dial(withoutBrackets(host ?? ''), Number(port ?? 443), DIAL_TIMEOUT_MS));
  } catch (error) {
    // The second argument is ignored beside an error.
    done?.(error as Error, new PassThrough());
    return;
  }
  done?.(null, connectTls({ ...(options as ConnectionOptions), socket: stream }));
}
