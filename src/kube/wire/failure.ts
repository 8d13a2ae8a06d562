/** Turns a failure of the network, the login or the server into a KubeError. */
import { DeadlineError } from '../../runtime/deadline.ts';
import type { Fence } from '../../runtime/election/fence.ts';
import { LoginError } from '../config.ts';
import { KubeError } from '../errors.ts';
import type { RequestInfo } from './api-path.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly field?: string }[];
  };
}

/** For a response that is not a success. */
export function refusal(info: RequestInfo, code: number, text: string, headers: Headers): KubeError {
  const status = parseStatus(text);
  return statusError(info, { ...status, code }, retryAfterMs(headers), status ? undefined : text);
}

/** For a Status object, also one inside a watch. */
export function statusError(info: RequestInfo, status: Status, headerMs?: number, plain?: string): KubeError {
  const { verb, what } = info;
  const seconds = status.details?.retryAfterSeconds;
  const wait = headerMs ?? (seconds ? seconds * 1000 : undefined);
  // A patch with the uid of an object that was deleted and created again. The server reports an immutable field; a
  // delete or an update with a wrong uid is a conflict, and so is this for callers.
  const isForeignUid =
    status.code === 422 && status.details?.causes?.some(({ field }) => field === 'metadata.uid');
  const code = isForeignUid ? 409 : (status.code ?? 500);
  return new KubeError({
    verb,
    what,
    code,
    reason: isForeignUid ? 'Conflict' : status.reason || reasonOf(code),
    message: status.message ?? (plain ?? '').trim().slice(0, 500),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

/** For an exception: no response, no login, an untrusted server, or the caller gave up. */
export function wireError(info: RequestInfo, error: unknown, signal?: AbortSignal): KubeError {
  if (error instanceof KubeError) return error;
  const { verb, what } = info;
  const message = messageOf(error);
  const make = (reason: string, text = message): KubeError =>
    new KubeError({ verb, what, code: 0, reason, message: text, cause: error });
  const reason: unknown = signal?.aborted ? signal.reason : undefined;
  if (reason instanceof DeadlineError) return make('Timeout', reason.message);
  if (signal?.aborted) return make('Aborted', messageOf(reason));
  if (error instanceof LoginError) return make('LoginFailed');
  const code = codeOf(error);
  if (code.endsWith('_TIMEOUT') || code === 'ETIMEDOUT') return make('Timeout');
  return make(isTlsCode(code) ? 'TlsFailure' : 'Unreachable');
}

/** For a write behind a closed fence. */
export function notLeading(
  { verb, what }: RequestInfo,
  message: string,
  fence: Fence,
  cause?: unknown,
): KubeError {
  const why = fence.closed.aborted
    ? messageOf(fence.closed.reason)
    : 'another process leads, or none does yet';
  return new KubeError({ verb, what, code: 0, reason: 'NotLeading', message: `${message}: ${why}`, cause });
}

/** The server's certificate is invalid, or not signed by the expected CA. */
const isTlsCode = (code: string): boolean =>
  /^(?:CERT_|ERR_TLS_CERT|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(?:GET_ISSUER|VERIFY))/.test(code);

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code: unknown = Reflect.get(at, 'code');
    if (typeof code === 'string') return code;
  }
  return '';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses were tried, and the AggregateError itself has no message.
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join('; ');
  return error.message || codeOf(error) || error.name;
}

function parseStatus(text: string): Status | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && Reflect.get(parsed, 'kind') === 'Status'
      ? parsed
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const raw = headers['retry-after'];
  const value = typeof raw === 'string' ? raw : raw?.[0];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** For responses that do not come from an API server, but for example from a load balancer. */
function reasonOf(code: number): string {
  const known: Readonly<Record<number, string>> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    422: 'Invalid',
    429: 'TooManyRequests',
    500: 'InternalError',
    502: 'BadGateway',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return known[code] ?? 'Unknown';
}
