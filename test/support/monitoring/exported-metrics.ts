/** Every metric that the operator exports, with its labels, taken from its registry: wired as in the process, but not started. */
import { Registry } from 'prom-client';
import { vi } from 'vitest';
import { createKubernetesService } from '../../../src/controller/dns-pods/kubernetes-service.ts';
import { createNotifier } from '../../../src/controller/notifying/notifier.ts';
import { wireControllers } from '../../../src/controller/wire-controllers.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { createEventRecorder } from '../../../src/kube/event-recorder.ts';
import { createReflectors } from '../../../src/observe/reflectors.ts';
import { silentLogger as logger } from '../../../src/runtime/logger.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';

interface Registered {
  readonly name: string;
  readonly labelNames?: readonly string[];
  readonly type?: string;
}

/** Names as Prometheus knows them, those of histograms with their endings. */
export async function exportedMetrics(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const register = vi.spyOn(Registry.prototype, 'registerMetric');
  try {
    await wireTheOperator();
    return new Map(register.mock.calls.flatMap(([metric]) => series(metric as unknown as Registered)));
  } finally {
    register.mockRestore();
  }
}

function series({ name, labelNames = [], type }: Registered): readonly (readonly [string, Set<string>])[] {
  if (type !== 'histogram') return [[name, new Set(labelNames)]];
  return [
    [`${name}_bucket`, new Set([...labelNames, 'le'])],
    [`${name}_sum`, new Set(labelNames)],
    [`${name}_count`, new Set(labelNames)],
  ];
}

async function wireTheOperator(): Promise<void> {
  const metrics = createMetrics({ process: true });
  const config = {
    server: 'https://127.0.0.1:1',
    credentials: async () => ({ tls: {} }),
    invalidate: () => {},
  };
  const kube = createKubeClient(config, { metrics, userAgent: 'test' });
  const recorder = createEventRecorder({ raw: kube.raw, logger, metrics, reportingController: 'test' });
  const notifier = createNotifier({ file: null, logger, metrics });
  wireControllers({
    kube,
    stores: createReflectors(kube, { logger, metrics, recorder }),
    settings: { agentImage: 'agent:1', logLevel: 'error', healthPort: 0, notificationsFile: null },
    kubernetesService: createKubernetesService(kube),
    recorder,
    notifier,
    logger,
    metrics,
    now: Date.now,
  });
  await notifier.drain(0);
  await recorder.drain();
  await kube.close();
}
