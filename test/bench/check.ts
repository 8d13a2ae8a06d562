/** `npm run bench:check`: `kubectl dnshealth check --all` on a rig, by both images; writes its section of docs/benchmarks.md. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { installOperator } from '../support/rig/installation.ts';
import { writeSection } from './document.ts';
import { bundlePlugin } from './plugin-bundle.ts';
import { machine, median, spread, today, verdict } from './statistics.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, rig: { type: 'string' } },
});
const runs = Number(values.runs);
const GOAL_SECONDS = 10;
const say = progressOn(process.stderr);

async function seconds(rig: Rig, plugin: string, program: string): Promise<number> {
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, [plugin, 'check', '--all', '--program', program], {
    env: { ...process.env, KUBECONFIG: rig.kubeconfigPath },
  });
  return (performance.now() - startedAt) / 1000;
}

const folder = mkdtempSync(join(tmpdir(), 'dnshealth-plugin-'));
const rig =
  values.rig === undefined ? await Rig.up({ name: 'bench', onProgress: say }) : Rig.open(values.rig);
try {
  const plugin = await bundlePlugin(folder);
  if (values.rig === undefined) await installOperator(rig, say);
  const rows: string[] = [];
  for (const [program, what] of [
    ['agent', 'with the image of the operator'],
    ['coredns', 'with the image of CoreDNS'],
  ] as const) {
    const figures: number[] = [];
    for (let run = 0; run < runs; run += 1) figures.push(await seconds(rig, plugin, program));
    const judged = verdict(median(figures), GOAL_SECONDS);
    rows.push(`| ${what} | ${spread(figures, 1)} s | at most ${GOAL_SECONDS} s | ${judged} |`);
  }
  writeSection(
    'Check',
    `\`npm run bench:check\`, ${today()}: \`kubectl dnshealth check --all\`, bundled, on the rig with ${rig.nodes.length} healthy nodes, from the start
of the process to its end, pods removed. Medians of ${runs} runs, with their range. ${machine()}.

| figure | measured | goal | |
| --- | --- | --- | --- |
${rows.join('\n')}
`,
  );
} finally {
  rmSync(folder, { recursive: true });
  if (values.rig === undefined) await rig.down();
}
