/** Whatever happens to nodes, operators and checks: no check is believed that did not see it, and none is too much. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Fate, LOOPING, PROVEN } from '../../../test/support/objects/check-fates.ts';
import { CheckReplica } from '../../../test/support/objects/check-replica.ts';
import { SimulatedNodes } from '../../../test/support/objects/simulated-nodes.ts';
import { RESOLV_CONF_CLASSES } from '../../api/agent-report.ts';
import { parseNodeCheckRecord } from '../../api/node-check-record.ts';

const MINUTE = 60_000;
const NODES = ['node-1', 'node-2', 'node-3'];
const MAX_CONCURRENT = 2;
const LONGEST_POD_LAG_MS = 5_000;
/** More of them can be asked for, and take 30 ms each. */
const HISTORIES = Number(process.env['HISTORIES'] ?? 100);

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.constant(PROVEN),
  fc.constant(LOOPING),
  fc.record({
    kind: fc.constant('reports' as const),
    outcome: fc.constantFrom('usable', 'looping', 'may-loop', 'unusable', 'no-answer', 'failed'),
    class: fc.constantFrom(...RESOLV_CONF_CLASSES),
  }),
  fc.constantFrom<Fate>(
    { kind: 'forges' },
    { kind: 'dies' },
    { kind: 'evicted' },
    { kind: 'image-missing' },
    { kind: 'deleted' },
    { kind: 'silent' },
  ),
);

/** A watch that was interrupted is behind by minutes. */
const lags = fc.record({
  nodeLagMs: fc.constantFrom(0, 50, 5_000, 120_000),
  podLagMs: fc.constantFrom(0, 50, LONGEST_POD_LAG_MS),
});

const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('time' as const), minutes: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fate' as const), node: fc.constantFrom(...NODES), fate }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('restart', 'reboot', 'not-ready', 'ready', 'replace'),
      node: fc.constantFrom(...NODES),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('new-leader' as const),
      lags,
      awayMs: fc.nat(120_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('outage' as const), ms: fc.nat(300_000) }) },
);

const history = fc.record({
  skewMs: fc.constantFrom(0, -90_000, 90_000, -8 * MINUTE, 8 * MINUTE),
  lags,
  happenings: fc.array(happening, { minLength: 3, maxLength: 10 }),
});

it(
  'no history makes a drift of what no check saw, or checks a node twice in ten minutes, or forgets one',
  async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ skewMs, lags: first, happenings }) => {
        const cluster = new SimulatedNodes();
        const absences: Absence[] = [];
        const fates = new Map<string, Fate>();
        cluster.fate = (node) => fates.get(node) ?? PROVEN;
        for (const name of NODES) cluster.join(name);
        const options = { skewMs, policy: { drift: { interval: '30m', maxConcurrent: MAX_CONCURRENT } } };
        let leader = new CheckReplica(cluster, { ...options, ...first });
        for (const one of happenings) {
          switch (one.kind) {
            case 'time':
              await leader.pass(one.minutes * MINUTE);
              break;
            case 'fate':
              fates.set(one.node, one.fate);
              break;
            case 'restart':
              cluster.restartKubelet(one.node);
              break;
            case 'reboot':
              cluster.reboot(one.node);
              break;
            case 'not-ready':
              cluster.setReady(one.node, false);
              break;
            case 'ready':
              cluster.setReady(one.node, true);
              break;
            case 'replace':
              cluster.leave(one.node);
              await leader.pass(1_000);
              cluster.join(one.node);
              break;
            case 'outage':
              cluster.isDown = true;
              await leader.pass(one.ms);
              cluster.isDown = false;
              break;
            case 'new-leader':
              leader.stop();
              absences.push({ from: cluster.now - LONGEST_POD_LAG_MS, to: cluster.now + one.awayMs });
              await leader.pass(one.awayMs);
              leader = new CheckReplica(cluster, { ...options, ...one.lags });
              break;
            default:
              one satisfies never;
          }
          await leader.pass(700);
        }
        // From now on all is well.
        cluster.fate = () => PROVEN;
        for (const name of NODES) cluster.setReady(name, true);
        // The longest pause after checks that failed is the interval.
        await leader.pass(45 * MINUTE);

        expectDriftsWereSeen(cluster);
        expectSpaced(cluster, absences);
        expectWithinBudget(cluster);
        for (const name of NODES)
          expect(parseNodeCheckRecord(cluster.record(name) ?? '')?.check?.outcome).toBe('proven');
        expectRemoved(cluster);
      }),
      { numRuns: HISTORIES, seed: 11 },
    );
  },
  HISTORIES * 1_000,
);

/** What was written that says a node is wrong, of a node of which no check saw it, or of another check. */
function expectDriftsWereSeen(cluster: SimulatedNodes): void {
  const unfounded = cluster.written.filter(({ uid, text }) => {
    const record = parseNodeCheckRecord(text);
    if (!record) return true;
    const { found, check, condition } = record;
    const saidWrong = ['Drifted', 'Repairing'].includes(condition.reason);
    const seen = cluster.started.filter(({ nodeUID, sawLoopingFile }) => nodeUID === uid && sawLoopingFile);
    if (check?.outcome === 'drifted')
      return !seen.some(({ at }) => inSeconds(at) === Date.parse(check.startedAt));
    return (found?.verdict === 'drifted' || saidWrong) && seen.length === 0;
  });
  expect(unfounded).toEqual([]);
}

const inSeconds = (ms: number): number => ms - (ms % 1000);

/** No operator saw what happened then. */
interface Absence {
  readonly from: number;
  readonly to: number;
}

/** Of a pod that someone deleted while no operator saw it, nothing is left that could be known. */
function expectSpaced(cluster: SimulatedNodes, absences: readonly Absence[]): void {
  const last = new Map<string, number>();
  for (const { nodeUID, at, deletedAt } of cluster.started) {
    expect(at - (last.get(nodeUID) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(10 * MINUTE - 1_000);
    const isUnseen = absences.some(
      ({ from, to }) => deletedAt !== null && from <= deletedAt && deletedAt <= to,
    );
    if (!isUnseen) last.set(nodeUID, at);
  }
}

/** A batch is open for a minute, and a check that is never taken is given up after little more than that. */
function expectRemoved(cluster: SimulatedNodes): void {
  const left = new Set(cluster.pods.map(({ metadata }) => metadata.uid));
  const old = cluster.started.filter(({ podUID, at }) => left.has(podUID) && at < cluster.now - 3 * MINUTE);
  expect(old).toEqual([]);
}

function expectWithinBudget(cluster: SimulatedNodes): void {
  for (const { at } of cluster.started) {
    const running = cluster.started.filter((one) => one.at <= at && (one.endedAt ?? Infinity) > at);
    expect(running.length).toBeLessThanOrEqual(MAX_CONCURRENT);
  }
}
