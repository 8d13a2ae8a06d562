/** `npm run bench:plugin`: the plugin's start, and a diagnosis on the rig; writes its section of docs/benchmarks.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS } from '../cluster/faults/faults.ts';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { run } from '../cluster/run.ts';
import { writeSection } from './document.ts';
import { bundlePlugin } from './plugin-bundle.ts';
import { pluginReport } from './plugin-report.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
const NODE = 'node-1';
const say = progressOn(process.stderr);

/** Milliseconds of each run, a new process each time. */
async function timed(argv: readonly string[], code: number, kubeconfig = ''): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 1; round <= runs; round += 1) {
    const begin = performance.now();
    const ended = await run(argv, { env: { KUBECONFIG: kubeconfig }, allowFailure: true });
    times.push(performance.now() - begin);
    if (ended.code !== code)
      throw new Error(`${argv.slice(2).join(' ')}: exit code ${ended.code}: ${ended.stderr}`);
  }
  return times;
}

const folder = await mkdtemp(join(tmpdir(), 'dnshealth-bench-'));
const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  const plugin = [process.execPath, await bundlePlugin(folder)];
  const start = {
    help: await timed([...plugin, '--help'], 0),
    completion: await timed([...plugin, 'completion', 'bash'], 0),
  };
  say('the plugin starts: measured');
  const healthy = await timed([...plugin, 'diagnose'], 0, rig.kubeconfigPath);
  await FAULTS['loop-removed'].break(rig, NODE);
  const late = await timed([...plugin, 'diagnose'], 1, rig.kubeconfigPath);
  await FAULTS['loop-removed'].heal(rig, NODE);
  await FAULTS['empty-value'].break(rig, NODE);
  const looping = await timed([...plugin, 'diagnose'], 1, rig.kubeconfigPath);
  const text = pluginReport({ start, healthy, late, looping });
  writeSection('Plugin', text);
  process.stdout.write(text);
} finally {
  await rig.down();
  await rm(folder, { recursive: true });
}
