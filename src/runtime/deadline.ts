/** Abort signals with an end: one that follows another, and a time limit that fires it. */
import type { Clock, Timer } from './clock.ts';

/**
 * A controller that aborts with its parent and can be let go of.
 * Not AbortSignal.any: on a parent that lives as long as the process, what it registers is only freed by the
 * garbage collector, and a busy process makes thousands.
 */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  release(): void;
}

export function linkedAbort(parent?: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) follow();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent?.removeEventListener('abort', follow),
  };
}

/** The abort reason of a limit that was reached. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

interface Limit {
  /** Counts from now again, from now on to another end where one is given. */
  restart(ms?: number): void;
  cancel(): void;
}

/** Aborts `scope` after `ms` unless it is cancelled or restarted before. */
export function expiresAfter(clock: Clock, ms: number, scope: LinkedAbort, message: string): Limit {
  let timer: Timer | undefined;
  let length = ms;
  const cancel = (): void => timer?.cancel();
  const restart = (next = length): void => {
    cancel();
    length = next;
    timer = clock.setTimeout(() => scope.abort(new DeadlineError(message)), length);
  };
  restart();
  return { restart, cancel };
}
