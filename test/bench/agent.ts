/** `npm run bench:agent`: runs the repair Job on one node of a rig repeatedly; writes its section of docs/benchmarks.md. */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { runRepairJob } from '../support/rig/agent-job.ts';
import { installOperator, PROJECT_ROOT } from '../support/rig/installation.ts';
import { agentReport } from './agent-report.ts';
import { writeSection } from './document.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
const NODE = 'node-1';
const say = progressOn(process.stderr);

/** Peak resident memory of the agent, which the kernel keeps only as long as the process lives. */
async function peakRssMiB(rig: Rig, end: AbortSignal): Promise<number> {
  let peak = 0;
  while (!end.aborted) {
    const script =
      "for p in $(pgrep -f '^/usr/local/bin/node .*/app/agent.js'); do grep VmHWM /proc/$p/status; done";
    const { stdout } = await rig.exec(NODE, ['sh', '-c', script]);
    for (const [, kib] of stdout.matchAll(/(\d+) kB/g)) peak = Math.max(peak, Number(kib) / 1024);
    // Not more often, to keep the influence on the measurement small.
    await sleep(500);
  }
  return peak;
}

const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  await installOperator(rig, say);
  const figures = {
    decidedMs: [] as number[],
    servingMs: [] as number[],
    trustedMs: [] as number[],
    peakRssMiB: [] as number[],
  };
  for (let round = 1; round <= runs; round += 1) {
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await rig.exec(NODE, ['systemctl', 'restart', 'kubelet.service']);
    await rig.waitForNodes();
    const end = new AbortController();
    const peak = peakRssMiB(rig, end.signal);
    const { repair } = await runRepairJob(rig, NODE, `bench-${round}-${Date.now()}`).finally(() =>
      end.abort(),
    );
    const { outcome, message, times } = repair;
    if (outcome !== 'repaired') throw new Error(`${outcome}: ${message}`);
    const between = (from: keyof typeof times, to: keyof typeof times): number =>
      Date.parse(times[to] ?? '') - Date.parse(times[from] ?? '');
    figures.decidedMs.push(between('started', 'decided'));
    figures.servingMs.push(between('written', 'restarted'));
    figures.trustedMs.push(between('written', 'finished'));
    figures.peakRssMiB.push(await peak);
    say(`round ${round} of ${runs}: decided after ${figures.decidedMs.at(-1)} ms`);
  }
  const text = agentReport({ ...figures, bundleBytes: statSync(`${PROJECT_ROOT}/dist/app/agent.js`).size });
  writeSection('Agent', text);
  process.stdout.write(text);
} finally {
  await rig.down();
}
