/** What a reflector needs to know about an error, independent of the transport. */

export interface SourceFailure {
  readonly error: unknown;
  readonly message: string;
  /** The resourceVersion is gone, and a new list is needed. */
  readonly expired: boolean;
  /** The server does not support the request, so a retry is pointless. */
  readonly unsupported: boolean;
  /** No answer, or that of a gateway without a server behind it. */
  readonly unreachable: boolean;
  readonly retryAfterMs: number | undefined;
}

export function failureOf(error: unknown): SourceFailure {
  const code = numberAt(error, 'code');
  return {
    error,
    message: error instanceof Error ? error.message : String(error),
    expired: code === 410,
    unsupported: code === 400 || code === 422,
    unreachable: code === 0 || code === 502 || code === 503,
    retryAfterMs: numberAt(error, 'retryAfterMs'),
  };
}

function numberAt(error: unknown, property: string): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'number' ? value : undefined;
}
