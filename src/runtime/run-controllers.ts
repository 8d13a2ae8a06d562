/** Runs controllers: starts their reflectors, waits until all are synced, fills their queues, drains at the end. */
import { type Clock, systemClock, type Timer } from './clock.ts';
import type { Controller } from './controller.ts';
import { createControllerQueue, initControllerMetrics } from './controller-queue.ts';
import type { Check } from './health-server.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Watched } from './reflector/reflector.ts';
import type { WorkQueue } from './work-queue.ts';

/**
 * Every call that a reconcile makes has a deadline, so it ends within a minute or two. One that runs for longer than this
 * waits for something that never comes, and only a restart frees its key.
 */
const WEDGED_RUN_MS = 300_000;
/** How often a reflector that is not synced is logged. */
const SYNC_REPORT_MS = 30_000;

export interface RunOptions {
  readonly controllers: readonly Controller[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Reconciling begins when everything is synced and this resolves; for leader election. @default no wait */
  readonly mayLead?: Promise<unknown>;
  readonly clock?: Clock;
}

interface ControllerRun {
  /** Every reflector is synced. Without a permission, for example, this waits until it is granted. */
  readonly synced: Promise<void>;
  /** Reconciling has begun. */
  readonly started: Promise<void>;
  /** Accepts no more keys, lets running reconciles finish, aborts them after `graceMs`, then stops the reflectors. */
  stop(graceMs: number): Promise<void>;
  /** Fails when a watch or a reconcile is stuck; not when the server is unreachable or nothing happens. */
  readonly liveness: Check;
  /** Fails until everything is synced; the text says what is missing and why. */
  readonly readiness: Check;
}

export function runControllers(options: RunOptions): ControllerRun {
  const { controllers, logger, metrics, clock = systemClock } = options;
  const watched = [
    ...new Set(controllers.flatMap((controller) => controller.watches.flatMap((row) => row.reflector ?? []))),
  ];
  const abort = new AbortController();
  const queues = new Map<string, WorkQueue<string>>();
  const unfollow: (() => void)[] = [];
  let stopped = false;

  for (const controller of controllers) initControllerMetrics(metrics, controller);
  const loops = watched.map(async (reflector) => reflector.start(abort.signal));

  const missing = (): readonly Watched[] => watched.filter((reflector) => !reflector.isSynced);
  const describe = (reflector: Watched): string =>
    reflector.lastError === undefined ? reflector.name : `${reflector.name} (${reflector.lastError})`;

  let reporter: Timer | undefined;
  const report = (): void => {
    reporter = clock.setTimeout(() => {
      logger.warn('still not synced', { missing: missing().map(describe) });
      report();
    }, SYNC_REPORT_MS);
  };
  report();
  const beganAt = clock.now();
  metrics.onScrape(() => {
    const silence = new Map<string, number>();
    for (const { name, lastContactAt = beganAt } of watched)
      silence.set(name, Math.max(silence.get(name) ?? 0, (clock.now() - lastContactAt) / 1000));
    for (const [resource, seconds] of silence) metrics.silence.set({ resource }, seconds);
    for (const [name, queue] of queues) {
      const ages = [...queue.running.values()].map((since) => (clock.monotonic() - since) / 1000);
      metrics.longestRunning.set({ name }, Math.max(0, ...ages));
      metrics.unfinishedWork.set(
        { name },
        ages.reduce((sum, age) => sum + age, 0),
      );
    }
  });
  const synced = Promise.all(watched.map((reflector) => reflector.synced)).then(() => reporter?.cancel());

  const started = Promise.all([synced, options.mayLead]).then(() => {
    if (stopped) return;
    for (const controller of controllers) {
      const queue = createControllerQueue(controller, { logger, metrics, clock });
      queues.set(controller.name, queue);
      for (const row of controller.watches)
        unfollow.push(row.follow((key, priority) => queue.add(key, priority)));
    }
    logger.info('reconciling', { controllers: controllers.map((controller) => controller.name) });
  });

  return {
    synced,
    started,
    async stop(graceMs) {
      stopped = true;
      reporter?.cancel();
      for (const stopFollowing of unfollow) stopFollowing();
      // The reflectors stop last: a reconcile that is still running reads their stores.
      await Promise.all([...queues.values()].map((queue) => queue.shutdown(graceMs)));
      abort.abort(new Error('the controllers are stopped'));
      await Promise.all(loops);
    },
    liveness: {
      name: 'loops',
      check() {
        const watches = watched
          .filter((reflector) => reflector.wedged)
          .map(({ name }) => `the watch of ${name}`);
        const stuck = [...watches, ...stuckRuns(queues, clock.monotonic())];
        return stuck.length === 0 ? { ok: true } : { ok: false, text: `stuck: ${stuck.join(', ')}` };
      },
    },
    readiness: {
      name: 'synced',
      check() {
        const waiting = missing();
        return waiting.length === 0
          ? { ok: true }
          : { ok: false, text: `not synced: ${waiting.map(describe).join('; ')}` };
      },
    },
  };
}

function stuckRuns(queues: ReadonlyMap<string, WorkQueue<string>>, now: number): readonly string[] {
  return [...queues].flatMap(([name, queue]) =>
    [...queue.running]
      .filter(([, since]) => now - since > WEDGED_RUN_MS)
      .map(([key, since]) => `${name} ${key} for ${Math.round((now - since) / 1000)} s`),
  );
}
