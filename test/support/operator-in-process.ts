/** The operator's controllers in this process, which lead at once: without an election, and with a clock of the caller's. */
import { createKubernetesService } from '../../src/controller/dns-pods/kubernetes-service.ts';
import { wireControllers } from '../../src/controller/wire-controllers.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createEventRecorder, type EventRecorder } from '../../src/kube/event-recorder.ts';
import { createReflectors } from '../../src/observe/reflectors.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { runControllers } from '../../src/runtime/run-controllers.ts';
import { AGENT_IMAGE } from './apiserver/admission.ts';

export interface OperatorInProcess {
  readonly recorder: EventRecorder;
  /** In the middle of whatever it does. */
  stop(): Promise<void>;
}

/** Resolves once its caches are filled and it reconciles. */
export async function operatorInProcess(
  kube: KubeClient,
  clock: Clock = systemClock,
): Promise<OperatorInProcess> {
  const logger = silentLogger;
  const metrics = createMetrics();
  const recorder = createEventRecorder({
    raw: kube.raw,
    logger,
    metrics,
    reportingController: 'dnshealth.io/operator',
  });
  const stores = createReflectors(kube, { logger, metrics, recorder });
  const settings = {
    agentImage: AGENT_IMAGE,
    logLevel: 'error' as const,
    healthPort: 0,
    notificationsFile: null,
  };
  const kubernetesService = createKubernetesService(kube);
  const now = (): number => clock.now();
  const notifier = { tell: () => {} };
  const parts = { kube, stores, settings, kubernetesService, recorder, notifier, logger, metrics, now };
  const run = runControllers({ controllers: wireControllers(parts), logger, metrics, clock });
  await run.started;
  return {
    recorder,
    async stop() {
      await run.stop(0);
    },
  };
}
