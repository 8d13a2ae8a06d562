/** The work queue of one controller: every reconcile gets a log context, and its metrics. */
import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import { type Logger, withLogContext } from './logger.ts';
import { type Metrics, RECONCILE_RESULTS, type ReconcileResult } from './metrics.ts';
import { createWorkQueue, type Result, type WorkQueue } from './work-queue.ts';

interface QueueParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export function createControllerQueue(controller: Controller, parts: QueueParts): WorkQueue<string> {
  const { logger, metrics, clock } = parts;
  const name = controller.name;

  const handle = async (key: string, signal: AbortSignal): Promise<Result> =>
    withLogContext({ controller: name, key, reconcileId: randomUUID() }, async () => {
      const began = clock.monotonic();
      metrics.activeWorkers.inc({ controller: name });
      let label: ReconcileResult = 'error';
      try {
        const result = await controller.reconcile(key, signal);
        label = result.kind === 'done' ? 'success' : 'requeue_after';
        return result;
      } catch (error) {
        metrics.reconcileErrors.inc({ controller: name });
        // Here and not in the queue's onError, because here the line carries the reconcileId.
        logger.error('reconcile failed, will be retried', { error });
        throw error;
      } finally {
        metrics.activeWorkers.dec({ controller: name });
        metrics.reconcileTotal.inc({ controller: name, result: label });
        metrics.reconcileTime.observe({ controller: name }, (clock.monotonic() - began) / 1000);
      }
    });

  const queue: WorkQueue<string> = createWorkQueue(handle, {
    concurrency: controller.concurrency ?? 1,
    ...controller.backoff,
    clock,
    observer: {
      added() {
        metrics.queueAdds.inc({ name });
        metrics.queueDepth.set({ name }, queue.depth.waiting + 1);
      },
      retried: () => metrics.queueRetries.inc({ name }),
      started(waitedMs) {
        metrics.queueLatency.observe({ name }, waitedMs / 1000);
        metrics.queueDepth.set({ name }, Math.max(0, queue.depth.waiting - 1));
      },
      finished(workedMs) {
        metrics.workTime.observe({ name }, workedMs / 1000);
        metrics.queueDepth.set({ name }, queue.depth.waiting);
      },
    },
  });
  return queue;
}

/** All series exist with value 0 from the start, so that an alert on a rate works before the first failure. */
export function initControllerMetrics(metrics: Metrics, controller: Controller): void {
  const name = controller.name;
  for (const result of RECONCILE_RESULTS) metrics.reconcileTotal.inc({ controller: name, result }, 0);
  metrics.reconcileErrors.inc({ controller: name }, 0);
  metrics.activeWorkers.set({ controller: name }, 0);
  metrics.maxConcurrent.set({ controller: name }, controller.concurrency ?? 1);
  metrics.queueDepth.set({ name }, 0);
  metrics.longestRunning.set({ name }, 0);
  metrics.unfinishedWork.set({ name }, 0);
  metrics.queueAdds.inc({ name }, 0);
  metrics.queueRetries.inc({ name }, 0);
}
