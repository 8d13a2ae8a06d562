/** `npm run bench:repair`: repairs by hand and by the operator, in turn on one rig; writes its section of docs/benchmarks.md. */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { breakNode } from '../cluster/break-node.ts';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';
import { sightingOf } from '../support/objects/builders.ts';
import { restoreCluster, untilEnded } from '../support/rig/cluster-state.ts';
import { applyPolicy, buildOperatorImage, installOperator } from '../support/rig/installation.ts';
import { type ByHandTimes, repairByHand } from './by-hand.ts';
import { watchCrashes } from './crashes.ts';
import { writeSection } from './document.ts';
import { firstAnswer, podsBefore } from './first-answer.ts';
import { operatorFigures } from './operator-figures.ts';
import { type RepairTimes, repairReport } from './repair-report.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const runs = Number(values.runs);
const NODE = 'node-1';
const say = progressOn(process.stderr);

async function operatorRepair(rig: Rig): Promise<RepairTimes> {
  await restoreCluster(rig);
  await applyPolicy(rig, {});
  const crashes = watchCrashes(rig, NODE);
  try {
    await breakNode(rig, NODE, { wait: false });
    const before = await podsBefore(rig);
    const [{ spec, status }, answeredAt] = await Promise.all([
      untilEnded(rig, NODE),
      firstAnswer(rig, before),
    ]);
    if (status.phase !== 'Healed') throw new Error(`${status.phase}: ${status.message}`);
    const crashed = await until(() => crashes.timeOf(sightingOf(spec).line), {
      what: 'the timestamp of the FATAL line',
      timeoutMs: 5_000,
    });
    const sinceCrash = (epochMs: number): number => (epochMs - crashed) / 1000;
    const since = (text: string | undefined): number => sinceCrash(Date.parse(text ?? ''));
    const step = (name: string) => status.steps.find((one) => one.name === name);
    return {
      claimed: since(sightingOf(spec).seenAt),
      quarantined: since(step('Quarantine')?.finishedAt),
      kubeletBack: since(status.repair?.times.restarted),
      released: since(step('Release')?.finishedAt),
      firstAnswer: sinceCrash(answeredAt),
      verified: since(step('Verify')?.finishedAt),
      ended: since(status.finishedAt),
    };
  } finally {
    await crashes.stop();
  }
}

const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  await installOperator(rig, say);
  const imageBytes = statSync(await buildOperatorImage(say)).size;
  await restoreCluster(rig);
  await applyPolicy(rig, {});
  const idle = await operatorFigures(rig);
  const ours: RepairTimes[] = [];
  const byHand: ByHandTimes[] = [];
  for (let round = 1; round <= runs; round += 1) {
    // In turn, so that a change in the machine's speed affects both.
    await restoreCluster(rig);
    byHand.push(await repairByHand(rig, NODE));
    ours.push(await operatorRepair(rig));
    const [hand, operator] = [byHand.at(-1), ours.at(-1)];
    say(
      `round ${round} of ${runs}: first answer ${hand?.firstAnswer.toFixed(1)} s by hand, ${operator?.firstAnswer.toFixed(1)} s by the operator, verified ${operator?.verified.toFixed(1)} s`,
    );
  }
  const after = await operatorFigures(rig);
  const text = repairReport({ ours, byHand, idle, after, imageBytes });
  writeSection('Repair', text);
  process.stdout.write(text);
} finally {
  await rig.down();
}
