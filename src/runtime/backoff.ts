/** How long to wait before a retry: exponential, with jitter. */

interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly random?: () => number;
}

const ceiling = (failures: number, baseMs: number, maxMs: number): number =>
  // The exponent is bounded because 2 ** 1100 is Infinity, and Infinity * 0 is not a delay.
  Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));

/** 0 to the ceiling: for many clients that fail together and should not retry together. */
export function fullJitter(failures: number, options: BackoffOptions): number {
  return ceiling(failures, options.baseMs, options.maxMs) * (options.random ?? Math.random)();
}

/** Half the ceiling to the ceiling: for a single failing key, which must not be retried immediately. */
export function equalJitter(failures: number, options: BackoffOptions): number {
  return ceiling(failures, options.baseMs, options.maxMs) * (0.5 + (options.random ?? Math.random)() / 2);
}
