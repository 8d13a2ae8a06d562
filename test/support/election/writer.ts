/** A program on our own runtime that writes as often as it can while it leads: the election's rounds kill, stop and pause it. */
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { createKubeClient } from '../../../src/kube/client.ts';
import { staticConfig } from '../../../src/kube/config.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { createEventRecorder } from '../../../src/kube/event-recorder.ts';
import { createLeaderElection } from '../../../src/kube/leader-election.ts';
import type { RawApi } from '../../../src/kube/raw-api.ts';
import { sleep, systemClock } from '../../../src/runtime/clock.ts';
import { createFence, type Fence } from '../../../src/runtime/election/fence.ts';
import { createLifecycle } from '../../../src/runtime/lifecycle.ts';
import { createLogger } from '../../../src/runtime/logger.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { leaseSendId, type Send } from './sends.ts';

const WRITE_EVERY_MS = 10;

const { NAME, SERVER, CA_FILE, TOKEN, DURATIONS } = z
  .object({
    NAME: z.string(),
    SERVER: z.string(),
    CA_FILE: z.string(),
    TOKEN: z.string(),
    /** The elector's three durations, as JSON. */
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

const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
/** Synchronous, so that nothing was sent without a record of it, whenever the process is killed. */
function record(send: Omit<Send, 'by'>): void {
  writeSync(process.stdout.fd, `${JSON.stringify(send)}\n`);
}
let current = '';
const recordingFence: Fence = {
  ...fence,
  isOpen() {
    const atMs = monotonicMs();
    const isOpen = fence.isOpen();
    if (isOpen) record({ sends: 'write', id: current, atMs });
    return isOpen;
  },
};
const kube = createKubeClient(config, { metrics, fence: recordingFence, userAgent: NAME });
const recordingRaw: RawApi = {
  ...kube.raw,
  request: async (request) => {
    const spec = (request.body as { readonly spec?: object } | undefined)?.spec;
    if (spec) record({ sends: 'lease', id: leaseSendId(spec), atMs: monotonicMs() });
    return kube.raw.request(request);
  },
};

const recorder = createEventRecorder({ raw: kube.raw, logger, metrics, reportingController: 'example.io/w' });
const place = { namespace: 'default', name: 'writers' };
const election = createLeaderElection({
  ...place,
  ...durations,
  kube: { ...kube, raw: recordingRaw },
  fence,
  recorder,
  logger,
  metrics,
});

async function write(): Promise<void> {
  await election.elected;
  for (let count = 1; !lifecycle.signal.aborted; count += 1) {
    current = String(count);
    try {
      await kube.raw.request({
        method: 'PATCH',
        path: '/api/v1/namespaces/default/configmaps/ledger',
        body: { data: { by: NAME, count: current } },
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.reason === 'NotLeading'))
        logger.warn('write failed', { error });
    }
    await sleep(systemClock, WRITE_EVERY_MS, lifecycle.signal);
  }
}
const writing = write();

lifecycle.onDrain('connections', () => kube.close());
lifecycle.onDrain('events', () => recorder.drain());
lifecycle.onDrain('lease', () => election.release());
// A process that never led has no write to wait for.
lifecycle.onDrain('writes', () => (fence.isOpen() ? writing : undefined));
void election.lost.then((reason) => lifecycle.stop(reason));
election.start();
process.exit(await lifecycle.ended);
