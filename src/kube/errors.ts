/** The only error type of calls to the API: what was requested, what came back, and whether a retry can help. */

interface KubeErrorInit {
  /** HTTP status, or 0 if there was no response. */
  readonly code: number;
  /** Kubernetes' status reason, or one of ours: Unreachable, Timeout, Aborted, NotLeading, LoginFailed, TlsFailure, BadAnswer. */
  readonly reason: string;
  readonly verb: string;
  /** For example "nodes/node-1" or "pods/log kube-system/coredns-abc". */
  readonly what: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Reasons that come from the caller, not from the server or the network. */
const CALLERS: ReadonlySet<string> = new Set(['Aborted', 'NotLeading']);

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;
  readonly verb: string;
  /** The request in words: "patch nodes/node-1". */
  readonly what: string;
  /** Why, in the words of the server or of the network. */
  readonly detail: string;
  readonly retryAfterMs: number | undefined;

  constructor(init: KubeErrorInit) {
    const what = `${init.verb} ${init.what}`;
    const status = init.code === 0 ? init.reason : `${init.code} ${init.reason}`;
    super(`${what}: ${status}${init.message ? `: ${init.message}` : ''}`, { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason;
    this.verb = init.verb;
    this.what = what;
    this.detail = init.message;
    this.retryAfterMs = init.retryAfterMs;
  }

  /** The same call may succeed later, unchanged. */
  get retryable(): boolean {
    return this.code === 0 ? !CALLERS.has(this.reason) : this.code === 429 || this.code >= 500;
  }
}

const has = (error: unknown, test: (error: KubeError) => boolean): boolean =>
  error instanceof KubeError && test(error);

export const isNotFound = (error: unknown): boolean => has(error, (e) => e.code === 404);
/** The object was changed by someone else, or a precondition failed. AlreadyExists, also a 409, does not count. */
export const isConflict = (error: unknown): boolean =>
  has(error, (e) => e.code === 409 && e.reason !== 'AlreadyExists');
export const isAlreadyExists = (error: unknown): boolean =>
  has(error, (e) => e.code === 409 && e.reason === 'AlreadyExists');

/** What a call answers, or null where the object does not exist. Any other failure is thrown. */
export async function nullIfNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
