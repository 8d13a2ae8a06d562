/** The life of the process: its state, the two signals that end it, and what happens to an error that nobody caught. */
import type { Check } from './health-server.ts';
import type { Logger } from './logger.ts';

type LifecycleState = 'starting' | 'syncing' | 'standby' | 'leading' | 'draining' | 'stopped';

/** The part of `process` that is needed, so that a test can stand in for it. */
export interface ProcessHooks {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

interface LifecycleOptions {
  readonly logger: Logger;
  /** How long the end may take after the first signal. Keep it below terminationGracePeriodSeconds. */
  readonly graceMs: number;
  readonly process?: ProcessHooks;
}

interface Lifecycle {
  readonly state: LifecycleState;
  enter(state: 'syncing' | 'standby' | 'leading'): void;
  /** Aborts when the end begins: by a signal, or by `stop`. */
  readonly signal: AbortSignal;
  /** Ends the process from within; a reason other than a wish is logged and gives exit code 1. */
  stop(failure?: Error): void;
  /** Runs at the end, the last one registered first; each is waited for. */
  onDrain(name: string, action: () => Promise<void> | void): void;
  /** Resolves with the exit code when everything is drained. */
  readonly ended: Promise<number>;
  readonly check: Check;
}

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { logger, graceMs } = options;
  const host: ProcessHooks = options.process ?? process;
  const abort = new AbortController();
  const ended = Promise.withResolvers<number>();
  const drains: { readonly name: string; readonly action: () => Promise<void> | void }[] = [];
  let state: LifecycleState = 'starting';
  let exitCode = 0;

  const move = (next: LifecycleState): void => {
    if (next === state) return;
    logger.info('state changed', { from: state, to: next });
    state = next;
  };

  async function drain(): Promise<void> {
    move('draining');
    abort.abort(new Error('the process is shutting down'));
    const timer = setTimeout(() => {
      logger.error('drain did not end in time', { graceMs });
      finish(1);
    }, graceMs);
    for (const { name, action } of drains.toReversed()) {
      try {
        await action();
      } catch (error) {
        exitCode = 1;
        logger.error('drain failed', { what: name, error });
      }
    }
    clearTimeout(timer);
    finish(exitCode);
  }

  function finish(code: number): void {
    if (state === 'stopped') return;
    move('stopped');
    host.off('SIGTERM', onTerm);
    host.off('SIGINT', onInt);
    ended.resolve(code);
  }

  function begin(): void {
    if (state === 'draining' || state === 'stopped') return;
    void drain();
  }

  function onSignal(name: string): void {
    if (state !== 'draining') {
      logger.info('signal received, draining', { signal: name });
      begin();
      return;
    }
    logger.warn('second signal received, ending at once', { signal: name });
    host.exit(1);
  }
  const onTerm = (): void => onSignal('SIGTERM');
  const onInt = (): void => onSignal('SIGINT');

  // Not "log and go on": after an error that nobody expected no promise about the state holds any more. The pod
  // is restarted and everything is read again.
  const onFatal = (error: unknown): void => {
    logger.fatal('unexpected error', { error });
    host.exit(1);
  };

  host.on('SIGTERM', onTerm);
  host.on('SIGINT', onInt);
  host.on('unhandledRejection', onFatal);
  host.on('uncaughtException', onFatal);

  return {
    get state() {
      return state;
    },
    enter(next) {
      if (state !== 'draining' && state !== 'stopped') move(next);
    },
    signal: abort.signal,
    stop(failure) {
      if (failure) {
        exitCode = 1;
        logger.error('stopping because of an error', { error: failure });
      }
      begin();
    },
    onDrain: (name, action) => void drains.push({ name, action }),
    ended: ended.promise,
    check: {
      name: 'lifecycle',
      check: () =>
        state === 'leading' || state === 'standby' ? { ok: true, text: state } : { ok: false, text: state },
    },
  };
}
