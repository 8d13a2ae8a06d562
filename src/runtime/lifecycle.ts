/** The life cycle of the process: its state, the signals that end it, and what happens to uncaught errors. */
import type { Check } from './health-server.ts';
import type { Logger } from './logger.ts';

type LifecycleState =
  /** Nothing has started yet. */
  | 'starting'
  /** The reflectors run, and at least one is not synced. */
  | 'syncing'
  /** Everything is synced; another process may be leading. */
  | 'standby'
  /** Leads and reconciles. */
  | 'leading'
  /** After a signal or `stop`: the drain actions run. */
  | 'draining'
  /** Drained, or out of time. */
  | 'stopped';

/** The part of `process` that is used here, so that a test can replace it. */
export interface ProcessHooks {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

interface LifecycleOptions {
  readonly logger: Logger;
  /** How long draining may take after the first signal. Keep it below terminationGracePeriodSeconds. */
  readonly graceMs: number;
  readonly process?: ProcessHooks;
}

interface Lifecycle {
  readonly state: LifecycleState;
  enter(state: 'syncing' | 'standby' | 'leading'): void;
  /** Aborts when draining begins, after a signal or `stop`. */
  readonly signal: AbortSignal;
  /** Drains and ends the process. A failure is logged and makes the exit code 1. */
  stop(failure?: Error): void;
  /** Registers a drain action. They run one after the other, the last one registered first. */
  onDrain(name: string, action: () => Promise<void> | void): void;
  /** Resolves with the exit code when draining is complete. */
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
      logger.error('drain timed out', { graceMs });
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
    logger.warn('second signal received, exiting at once', { signal: name });
    host.exit(1);
  }
  const onTerm = (): void => onSignal('SIGTERM');
  const onInt = (): void => onSignal('SIGINT');

  // Not "log and continue": after an unexpected error nothing is known about the state of the process. The kubelet
  // restarts the container, which reads everything again.
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
