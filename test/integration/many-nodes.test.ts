/** An outage of many nodes on a real apiserver: every write of a node is read from the audit log. `NODES=100` plays a bigger one. */
import { beforeEach, expect, it } from 'vitest';
import { ACKNOWLEDGED_ANNOTATION } from '../../src/api/keys.ts';
import { auditMark } from '../bench/api-calls.ts';
import { writeSection } from '../bench/document.ts';
import { limitsReport } from '../bench/limits-report.ts';
import { requestRate } from '../bench/request-rate.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { type Moment, momentsSince, newestVersion } from './held-nodes.ts';
import { ended, incidentStage } from './incident-stage.ts';
import { startManyNodes } from './many-nodes.ts';

const NODES = Number(process.env['NODES'] ?? 12);
const OPERATOR = 'system:serviceaccount:dnshealth-system:dnshealth-operator';
/** So that hundreds of them are healed within minutes. */
const maxConcurrent = NODES > 100 ? 10 : 3;
/** Only ends a hang, of however many nodes. */
const LONGEST_MS = 600_000 + NODES * 10_000;
/** Only repairs of crashes, verified as fast as it goes. */
const POLICY = {
  limits: { maxConcurrent },
  canary: { watchSeconds: 0 },
  verification: { stableSeconds: 1 },
  prober: { intervalSeconds: 0 },
  drift: { interval: '0' },
};

const stage = incidentStage();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
let since: number;
beforeEach(async () => {
  ({ server, cluster } = stage);
  since = await newestVersion(server);
});

const mostHeld = (moments: readonly Moment[]): number => Math.max(...moments.map(({ held }) => held.size));
const began = (moments: readonly Moment[]) => moments.filter((one) => one.began !== null);
const phases = (moments: readonly Moment[], phase: string) =>
  moments.filter((one) => one.ended?.phase === phase);
const healedOnes = (incidents: readonly Incident[]) =>
  incidents.filter(({ status }) => status.phase === 'Healed').length;

/** The first goes on alone; the next ones only once as many as may be are under repair, so that they were all at once. */
const untilThereAre =
  (count: number) =>
  (number: number, repairs: readonly Incident[]): boolean =>
    number > 0 && repairs.length < Math.min(count, NODES);

it('is healed node by node: the first alone, and then never more at once than maxConcurrent', {
  timeout: LONGEST_MS,
}, async () => {
  const mark = auditMark(server);
  const from = Date.now();
  await cluster.policy('coredns', POLICY);
  const nodes = await startManyNodes(cluster, NODES, { isKept: untilThereAre(1 + maxConcurrent) });
  await nodes.playUntil((incidents) => healedOnes(incidents) === NODES, 'all nodes to be healed');

  const moments = await momentsSince(server, since);
  expect(new Set(began(moments).map((one) => one.began))).toEqual(new Set(nodes.names));
  expect(began(moments)).toHaveLength(NODES);
  const [first] = phases(moments, 'Healed');
  expect(began(moments)[1]?.version).toBeGreaterThan(first?.version ?? Number.NaN);
  expect(mostHeld(moments)).toBe(maxConcurrent);
  expect(moments.at(-1)?.held).toEqual(new Set());

  const rate = await requestRate(server, OPERATOR, { mark, from, to: Date.now() });
  const text = limitsReport({ nodes: NODES, maxConcurrent, rate });
  process.stdout.write(text);
  if (process.env['NODES'] !== undefined) writeSection('Limits', text);
});

it('stops at the third repair, which is rolled back: no other begins until it is acknowledged', {
  timeout: LONGEST_MS,
}, async () => {
  const begunFirst = 1 + maxConcurrent;
  const THIRD = 2;
  await cluster.policy('coredns', POLICY);
  const nodes = await startManyNodes(cluster, NODES, {
    isKept: (number, repairs) => {
      if (untilThereAre(begunFirst)(number, repairs)) return true;
      // Those beside the third are still under way when it fails.
      const third = repairs[THIRD];
      return (number === 1 || number === 3) && !(third && ended(third));
    },
    failureOf: (number) =>
      number === THIRD ? { outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' } : undefined,
  });
  await nodes.playUntil(
    (incidents) =>
      nodes.repairs.length === begunFirst &&
      nodes.repairs.every(ended) &&
      incidents.length === NODES &&
      incidents.filter(({ status }) => status.reason === 'BreakerOpen').length === NODES - begunFirst,
    'all others to be stopped',
  );
  const stopped = await momentsSince(server, since);
  const [failed] = phases(stopped, 'RolledBack');
  expect(failed?.ended?.name).toBe(nodes.repairs[THIRD]?.metadata.name);
  expect(phases(stopped, 'Healed')).toHaveLength(maxConcurrent);
  expect(began(stopped)).toHaveLength(begunFirst);
  expect(stopped.at(-1)?.held).toEqual(new Set());

  const path = `/apis/dnshealth.io/v1alpha1/dnsremediations/${failed?.ended?.name}`;
  const merge = { contentType: 'application/merge-patch+json' };
  await server.call(
    'PATCH',
    path,
    { metadata: { annotations: { [ACKNOWLEDGED_ANNOTATION]: 'true' } } },
    merge,
  );
  await nodes.playUntil(
    (incidents) => healedOnes(incidents) >= NODES - 1 && incidents.every(ended),
    'all others to be healed',
  );
  const moments = await momentsSince(server, since);
  expect(mostHeld(moments)).toBe(maxConcurrent);
  expect(moments.at(-1)?.held).toEqual(new Set());
});
