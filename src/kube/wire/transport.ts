/** Sends every request to the API server: credentials, pooled connections, deadlines, retries, metrics. */
import type { Dispatcher } from 'undici';
import { fullJitter } from '../../runtime/backoff.ts';
import { type Clock, sleep, systemClock } from '../../runtime/clock.ts';
import { expiresAfter, type LinkedAbort, linkedAbort } from '../../runtime/deadline.ts';
import type { Fence } from '../../runtime/election/fence.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { ClusterConfig } from '../config.ts';
import { KubeError } from '../errors.ts';
import { type RequestInfo, requestInfo } from './api-path.ts';
import { type Connections, createConnections } from './connections.ts';
import { notLeading, refusal, wireError } from './failure.ts';
import { request as send } from './http-agent.ts';

const DEFAULT_DEADLINE_MS = 10_000;
const ATTEMPTS = 4;
/** Methods that may be sent twice. A POST may not: the first attempt may have succeeded. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: HttpMethod;
  /** Path and query, with a leading slash. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call including retries. @default 10_000 */
  readonly deadlineMs?: number | undefined;
  /** @default true */
  readonly retry?: boolean | undefined;
  /** Allows a write by a non-leader: the lease itself, and events. @default false */
  readonly unfenced?: boolean | undefined;
}

export interface Transport {
  /**
   * @returns the body
   * @throws KubeError for everything but a success
   */
  call(request: HttpRequest): Promise<string>;
  /** Opens a watch: the deadline is for the headers, the body has none. */
  open(request: HttpRequest): Promise<AsyncIterable<Buffer>>;
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly metrics: Metrics;
  /** "name/version", as it appears in the audit log. */
  readonly userAgent: string;
  readonly deadlineMs?: number;
  readonly allowH2?: boolean;
  /** While it is closed no write is sent, not even one that waits for a retry or a connection. @default none */
  readonly fence?: Fence;
  readonly clock?: Clock;
}

export function createTransport(config: ClusterConfig, options: TransportOptions): Transport {
  const {
    metrics,
    fence,
    clock = systemClock,
    deadlineMs: defaultDeadlineMs = DEFAULT_DEADLINE_MS,
  } = options;
  const server = new URL(config.server);
  const basePath = server.pathname.replace(/\/+$/, '');
  const connections: Connections = createConnections({
    ...(options.allowH2 === undefined ? {} : { allowH2: options.allowH2 }),
    ...(config.dial === undefined ? {} : { dial: config.dial }),
    ...(fence === undefined ? {} : { fence }),
    onConnect: () => metrics.apiConnections.inc(),
    clock,
  });

  /** One attempt until the headers; a response that is not a success is read to its end and thrown. */
  async function exchange(
    request: HttpRequest,
    info: RequestInfo,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const began = clock.monotonic();
    const isFenced = fence !== undefined && isWrite(request);
    let code = '<error>';
    let agent: Dispatcher | undefined;
    try {
      const { tls, authorization, impersonateUser } = await unlessAborted(config.credentials(), signal);
      if (isFenced && !fence.isOpen()) throw notLeading(info, 'not sent', fence);
      agent = isFenced ? connections.fencedAgent(tls) : connections.agent(tls);
      const sent = send.call(agent, {
        origin: server.origin,
        path: basePath + request.target,
        method: request.method,
        headers: {
          'user-agent': options.userAgent,
          accept: 'application/json',
          ...request.headers,
          ...(authorization === undefined ? {} : { authorization }),
          ...(impersonateUser === undefined ? {} : { 'impersonate-user': impersonateUser }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
      });
      // undici ends a request that waits for its connection only when that is there. A fenced one is left to its own
      // agent, which knows whether a byte was sent.
      const answer = isFenced ? await sent : await unlessAborted(sent, signal);
      code = String(answer.statusCode);
      connections.answered(agent);
      if (answer.statusCode >= 200 && answer.statusCode <= 299) return answer;
      if (answer.statusCode === 401) config.invalidate();
      throw refusal(info, answer.statusCode, await answer.body.text(), answer.headers);
    } catch (error) {
      if (agent) connections.failed(agent, signal.aborted ? signal.reason : error, clock.monotonic() - began);
      // Neither an answer nor a refusal of our own.
      if (isFenced && !(error instanceof KubeError)) fence.wasCutOff();
      const failure =
        isFenced && !(error instanceof KubeError) && !fence.isOpen()
          ? notLeading(info, 'outcome unknown', fence, error)
          : wireError(info, error, signal);
      if (failure.reason === 'TlsFailure') config.invalidate();
      throw failure;
    } finally {
      metrics.apiRequests.inc({ verb: info.verb, resource: info.resource, code });
      metrics.apiRequestTime.observe({ verb: info.verb }, (clock.monotonic() - began) / 1000);
    }
  }

  async function complete(request: HttpRequest, info: RequestInfo, signal: AbortSignal): Promise<string> {
    const answer = await exchange(request, info, signal);
    try {
      return await answer.body.text();
    } catch (error) {
      throw wireError(info, error, signal);
    }
  }

  async function call(request: HttpRequest): Promise<string> {
    const info = requestInfo(request.method, request.target);
    const deadlineMs = request.deadlineMs ?? defaultDeadlineMs;
    const scope = linkedAbort(request.signal);
    const endsAt = clock.monotonic() + deadlineMs;
    const limit = expiresAfter(clock, deadlineMs, scope, `no response within ${deadlineMs} ms`);
    try {
      return await attempt(request, info, scope, endsAt);
    } finally {
      limit.cancel();
      scope.release();
    }
  }

  async function attempt(
    request: HttpRequest,
    info: RequestInfo,
    scope: LinkedAbort,
    endsAt: number,
  ): Promise<string> {
    for (let tried = 1; ; tried++) {
      try {
        return await complete(request, info, scope.signal);
      } catch (error) {
        const waitMs = request.retry === false ? undefined : pauseBefore(error, request.method, tried);
        if (waitMs === undefined || clock.monotonic() + waitMs >= endsAt) throw error;
        metrics.apiRetries.inc({ verb: info.verb, code: String((error as KubeError).code) });
        await sleep(clock, waitMs, scope.signal);
        if (scope.signal.aborted)
          throw wireError(info, error instanceof KubeError ? error.cause : error, scope.signal);
      }
    }
  }

  async function open(request: HttpRequest): Promise<AsyncIterable<Buffer>> {
    const info = requestInfo(request.method, request.target, true);
    const scope = linkedAbort(request.signal);
    const deadlineMs = request.deadlineMs ?? defaultDeadlineMs;
    const limit = expiresAfter(clock, deadlineMs, scope, `no response within ${deadlineMs} ms`);
    try {
      const answer = await exchange(request, info, scope.signal);
      return read(answer.body, info, scope);
    } catch (error) {
      scope.release();
      throw error;
    } finally {
      limit.cancel();
    }
  }

  return { call, open, close: () => connections.close() };
}

async function* read(
  body: AsyncIterable<Buffer>,
  info: RequestInfo,
  scope: LinkedAbort,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    throw wireError(info, error, scope.signal);
  } finally {
    scope.release();
  }
}

/** A login may take long: an exec plugin asks an identity provider. The call still ends at its deadline. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** How long to wait before the call is made again; undefined where it is not. */
function pauseBefore(error: unknown, method: HttpMethod, tried: number): number | undefined {
  if (!(error instanceof KubeError) || tried >= ATTEMPTS) return undefined;
  const asked = error.retryAfterMs;
  const jitter = fullJitter(tried, { baseMs: 200, maxMs: 2_000 });
  // Priority and fairness refuses a request before it has any effect, so any method may be retried.
  if (error.code === 429) return asked ?? jitter;
  if (!IDEMPOTENT.has(method)) return undefined;
  // The token may just have been rotated.
  if (error.code === 401 && tried === 1) return 0;
  // Not a plain 500: it does not go away (a log that the runtime cannot read).
  if (error.code === 502 || error.code === 503 || error.code === 504) return asked ?? jitter;
  if (error.code >= 500) return asked;
  return error.code === 0 && error.retryable ? jitter : undefined;
}

const isWrite = ({ method, unfenced }: HttpRequest): boolean =>
  method !== 'GET' && method !== 'HEAD' && unfenced !== true;
