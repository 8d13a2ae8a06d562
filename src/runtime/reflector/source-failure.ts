/** What a reflector needs to know of an error, whatever wire it came over. */

export interface SourceFailure {
  readonly error: unknown;
  readonly message: string;
  /** The resourceVersion is gone: only a new list helps. */
  readonly expired: boolean;
  /** The server does not know what it was asked for, and will not know it the next time. */
  readonly unsupported: boolean;
  /** Nothing answered, or a gateway did that has no server behind it. */
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
