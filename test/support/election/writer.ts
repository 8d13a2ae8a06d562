/** A program that writes as fast as it may while it leads, on our own runtime: what the election's rounds kill, stop and pause. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { createKubeClient } from '../../../src/kube/client.ts';
import { staticConfig } from '../../../src/kube/config.ts';
import { isNotLeading } from '../../../src/kube/errors.ts';
import { createEventRecorder } from '../../../src/kube/event-recorder.ts';
import { createLeaderElection } from '../../../src/kube/leader-election.ts';
import { sleep, systemClock } from '../../../src/runtime/clock.ts';
import { createFence } from '../../../src/runtime/election/fence.ts';
import { createLifecycle } from '../../../src/runtime/lifecycle.ts';
import { createLogger } from '../../../src/runtime/logger.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';

const WRITE_EVERY_MS = 10;

const { NAME, SERVER, CA_FILE, TOKEN, DURATIONS } = z
  .object({
    NAME: z.string(),
    SERVER: z.string(),
    CA_FILE: z.string(),
    TOKEN: z.string(),
    /** JSON: the three durations of the elector. */
    DURATIONS: z.string(),
  })
  .parse(process.env);
const durations = z
  .object({ leaseDurationMs: z.number(), renewDeadlineMs: z.number(), retryPeriodMs: z.number() })
  .parse(JSON.parse(DURATIONS));

const logger = createLogger();
const metrics = createMetrics();
const lifecycle = createLifecycle({ logger, graceMs: 5_000 });
const fence = createFence();
const tls = { ca: await readFile(CA_FILE, 'utf8') };
const config = staticConfig(SERVER, { tls, authorization: `Bearer ${TOKEN}` });
const kube = createKubeClient(config, { metrics, fence, userAgent: NAME });
const recorder = createEventRecorder({ raw: kube.raw, logger, metrics, reportingController: 'example.io/w' });
const place = { namespace: 'default', name: 'writers' };
const election = createLeaderElection({
  ...place,
  ...durations,
  kube,
  fence,
  recorder,
  logger,
  metrics,
});

async function write(): Promise<void> {
  await election.elected;
  for (let count = 1; !lifecycle.signal.aborted; count += 1) {
    try {
      await kube.raw.request({
        method: 'PATCH',
        path: '/api/v1/namespaces/default/configmaps/ledger',
        body: { data: { by: NAME, count: String(count) } },
      });
    } catch (error) {
      if (!isNotLeading(error)) logger.warn('write failed', { error });
    }
    await sleep(systemClock, WRITE_EVERY_MS, lifecycle.signal);
  }
}
const writing = write();

lifecycle.onDrain('connections', () => kube.close());
lifecycle.onDrain('events', () => recorder.drain());
lifecycle.onDrain('lease', () => election.release());
// One that never led has nothing to end.
lifecycle.onDrain('writes', () => (fence.isOpen() ? writing : undefined));
void election.lost.then((reason) => lifecycle.stop(reason));
election.start();
process.exit(await lifecycle.ended);
