/** The one error of every call to the API: what was asked, what came back, and whether asking again can help. */

export interface KubeErrorInit {
  /** HTTP status, or 0 when nothing answered. */
  readonly code: number;
  /** Kubernetes' status reason, or ours: Unreachable, Timeout, Aborted, NotLeading, TlsFailure, BadAnswer. */
  readonly reason: string;
  readonly verb: string;
  /** For example "nodes/node-1" or "pods/log kube-system/coredns-abc". */
  readonly what: string;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Reasons that are neither the server's nor the network's. */
const OURS: ReadonlySet<string> = new Set(['Aborted', 'NotLeading']);

export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;
  readonly verb: string;
  /** What was asked, with the verb: "patch nodes/node-1". */
  readonly what: string;
  readonly retryAfterMs: number | undefined;

  constructor(init: KubeErrorInit) {
    const what = `${init.verb} ${init.what}`;
    const status = init.code === 0 ? init.reason : `${init.code} ${init.reason}`;
    super(`${what}: ${status}${init.message ? `: ${init.message}` : ''}`, { cause: init.cause });
    this.code = init.code;
    this.reason = init.reason;
    this.verb = init.verb;
    this.what = what;
    this.retryAfterMs = init.retryAfterMs;
  }

  /** The same call may succeed later without anybody changing what is asked. */
  get retryable(): boolean {
    return this.code === 0 ? !OURS.has(this.reason) : this.code === 429 || this.code >= 500;
  }
}

const has = (error: unknown, test: (error: KubeError) => boolean): boolean =>
  error instanceof KubeError && test(error);

export const isNotFound = (error: unknown): boolean => has(error, (e) => e.code === 404);
/** Somebody else changed the object, or a precondition does not hold. Not: it exists already. */
export const isConflict = (error: unknown): boolean =>
  has(error, (e) => e.code === 409 && e.reason !== 'AlreadyExists');
export const isAlreadyExists = (error: unknown): boolean =>
  has(error, (e) => e.code === 409 && e.reason === 'AlreadyExists');
export const isForbidden = (error: unknown): boolean => has(error, (e) => e.code === 403);
export const isInvalid = (error: unknown): boolean => has(error, (e) => e.code === 422);
/** Nothing answered, or not in time; a write may have happened all the same. */
export const isUnreachable = (error: unknown): boolean =>
  has(error, (e) => e.code === 0 && !OURS.has(e.reason));
/** We ended the call ourselves. */
export const isAborted = (error: unknown): boolean =>
  has(error, (e) => e.code === 0 && e.reason === 'Aborted');
/** The fence is closed: nothing was sent, or what was sent was cut off and may have happened all the same. */
export const isNotLeading = (error: unknown): boolean =>
  has(error, (e) => e.code === 0 && e.reason === 'NotLeading');

/** What a call answers, or null where the object does not exist. Any other failure is thrown. */
export async function nullIfNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
