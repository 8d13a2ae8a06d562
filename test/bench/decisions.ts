/** npm run bench:decisions: how many states the plan decides in a second, in a mass outage with a long history. */
import { performance } from 'node:perf_hooks';
import { plan } from '../../src/remediation/plan.ts';
import type { Remediation } from '../../src/remediation/world.ts';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
  withSighting,
} from '../support/objects/builders.ts';
import { type DecisionFigures, decisionsReport } from './decisions-report.ts';
import { writeSection } from './document.ts';
import { median } from './statistics.ts';

const OPEN = 500;
const RECORDS = 5_000;
const RUNS = 5;
const DECISIONS = 2_000;
/** Every limit there is, so that no guard has nothing to do. */
const LIMITED = aPolicySpec({
  pause: [{ reason: 'over', by: 'anna', until: isoAt(-3600) }],
  limits: { maxConcurrent: '10%', perHour: 1000, perNode: 50, coolDownSeconds: 1, backOffSeconds: 1 },
  breaker: { failures: 3, windowMinutes: 60 },
  maintenance: { windows: [{ cron: '0 0 * * *', duration: '23h', timeZone: 'Europe/Berlin' }] },
});

/** Repairs of the last days that are over, one each minute. */
const ended = Array.from({ length: RECORDS - OPEN }, (_, index) => {
  const secondsAgo = 120 + index * 60;
  return aRemediation({
    node: `old-${index}`,
    createdAt: at(-secondsAgo - 20),
    status: {
      phase: 'Healed',
      reason: 'Verified',
      steps: [{ name: 'Quarantine', startedAt: isoAt(-secondsAgo - 10) }],
      repair: aRepairReport(),
      finishedAt: isoAt(-secondsAgo),
    },
  });
});

/** One decision of each of the open incidents in turn, each with records that were put together for it, as the controller does. */
function decide(policy: typeof LIMITED, open: readonly Remediation[]): number {
  const others = [...ended, ...open];
  const begun = performance.now();
  for (let index = 0; index < DECISIONS; index += 1) {
    const remediation = open[index % open.length];
    if (!remediation) continue;
    const { node, sighting } = podOfIncident(remediation);
    plan(
      aSituation({
        policy,
        remediation,
        now: at(60),
        world: {
          node: aNode({ name: node }),
          dnsPods: [aLoopingPod({ ...sighting, node }), aDnsPod({ node: 'elsewhere' })],
          remediations: [...others.filter(({ uid }) => uid !== remediation.uid), remediation],
        },
      }),
    );
  }
  return DECISIONS / ((performance.now() - begun) / 1000);
}

function podOfIncident({ spec }: Remediation) {
  if (spec.trigger !== 'Crash') throw new Error('only crashes are measured here');
  return { node: spec.node.name, sighting: spec.sighting.pod };
}

const incidents = (reason: string) =>
  Array.from({ length: OPEN }, (_, index) => {
    const pod = { name: `coredns-${index}`, uid: `pod-${index}` };
    return withSighting(
      aRemediation({
        node: `node-${index}`,
        createdAt: at(index / 10),
        status: { phase: 'Pending', reason },
      }),
      { pod },
    );
  });

const measure = (policy: typeof LIMITED, reason: string): number =>
  median(Array.from({ length: RUNS }, () => decide(policy, incidents(reason))));

const figures: DecisionFigures = {
  open: OPEN,
  records: RECORDS,
  runs: RUNS,
  decisions: DECISIONS,
  plain: measure(aPolicySpec(), 'OtherNodeUnderRepair'),
  limited: measure(LIMITED, 'OtherNodeUnderRepair'),
  paused: measure(aPolicySpec({ pause: [{ reason: 'upgrade', by: 'anna' }] }), 'Paused'),
};
writeSection('Decisions', decisionsReport(figures));
console.log(decisionsReport(figures));
