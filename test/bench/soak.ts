/** `npm run bench:soak -- --minutes 20`: the operator as shipped, under constant changes; writes its section of docs/benchmarks.md. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startApiserver } from '../support/apiserver/apiserver.ts';
import { bundle } from '../support/rig/installation.ts';
import { BIG, bigCluster } from './big-cluster.ts';
import { createChurn } from './churn.ts';
import { writeSection } from './document.ts';
import { startShippedOperator } from './shipped-operator.ts';
import { type Sample, soakReport } from './soak-report.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '20' } } });
const minutes = Number(values.minutes);
const SAMPLE_MS = 10_000;
const RESET_EVERY_MS = 60_000;
/** 5,000 kubelets report their status every five minutes, which is 17 reports per second. */
const STEP_MS = 50;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

await bundle();
const server = await startApiserver();
try {
  const { owner, token } = await bigCluster(server, BIG);
  const operator = await startShippedOperator(server, { token });
  const churn = createChurn(server, BIG, owner);
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  let resets = 0;
  while (elapsed() < minutes * 60_000) {
    const next = elapsed() + STEP_MS;
    await churn.step();
    if (elapsed() > (resets + 1) * RESET_EVERY_MS) {
      operator.proxy.reset();
      resets += 1;
    }
    if (elapsed() > (samples.length + 1) * SAMPLE_MS) {
      const { rssMiB, handles } = operator.figures();
      const connections = operator.proxy.connections.open;
      samples.push({ minute: elapsed() / 60_000, rssMiB, handles, connections });
      if (samples.length % 6 === 0)
        say(
          `minute ${samples.length / 6} of ${minutes}: ${rssMiB.toFixed(1)} MiB, ${handles} handles, ${connections} connections`,
        );
    }
    await sleep(Math.max(0, next - elapsed()));
  }
  const delay = await operator.loopDelay();
  const peakMiB = operator.figures().peakMiB;
  const alive =
    (await operator.process.get('/healthz'))?.status === 200 && (await operator.process.isReady());
  const text = soakReport({ minutes, samples, steps: churn.steps, resets, peakMiB, delay, alive });
  writeSection('Soak', text);
  process.stdout.write(text);
  await operator.stop();
} finally {
  await server.stop();
}
