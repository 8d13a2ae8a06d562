/** Linked abort signals and time limits that fire them. */
import type { Clock, Timer } from './clock.ts';

/**
 * A controller that aborts with its parent and can be unlinked from it.
 * Not AbortSignal.any: what it registers on its parent is freed only by the garbage collector. A parent that lives as
 * long as the process would collect thousands.
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

/** The abort reason when a time limit is reached. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

interface Limit {
  /** Starts the limit again from now, with a new length if one is given. */
  restart(ms?: number): void;
  cancel(): void;
}

/** Aborts `scope` after `ms`, unless cancelled or restarted before. */
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
