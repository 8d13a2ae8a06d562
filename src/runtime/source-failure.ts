/** What a reflector needs to know of an error, whatever wire it came over. */

export interface SourceFailure {
  readonly error: unknown;
  readonly message: string;
  /** The resourceVersion is gone: only a new list helps. */
  readonly expired: boolean;
  /** Nothing answered. */
  readonly unreachable: boolean;
  readonly retryAfterMs: number | undefined;
}

export function failureOf(error: unknown): SourceFailure {
  const code = numberAt(error, 'code');
  return {
    error,
    message: error instanceof Error ? error.message : String(error),
    expired: code === 410,
    unreachable: code === 0,
    retryAfterMs: numberAt(error, 'retryAfterMs'),
  };
}

function numberAt(error: unknown, property: string): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'number' ? value : undefined;
}

/**
 * Versions of one resource type are ordered numbers since Kubernetes 1.35 says so; what is not a number is never
 * called older, so that another server's opaque versions still work.
 */
export function isOlder(version: string, than: string | undefined): boolean {
  if (than === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}
