/** The checks of nodes as a whole: the controllers and the table that wakes them, over simulated nodes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Fate, LOOPING, PROVEN } from '../../../test/support/objects/check-fates.ts';
import { CheckReplica } from '../../../test/support/objects/check-replica.ts';
import { SimulatedNodes } from '../../../test/support/objects/simulated-nodes.ts';
import { parseNodeCheckRecord } from '../../api/node-check-record.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let cluster: SimulatedNodes;
beforeEach(() => {
  cluster = new SimulatedNodes();
});

const recordOf = (name: string) => parseNodeCheckRecord(cluster.record(name) ?? '');
const reasonOf = (name: string) => recordOf(name)?.condition.reason;
const checksOf = (name: string) => cluster.started.filter(({ node }) => node === name);
const reports = (
  outcome: Extract<Fate, { kind: 'reports' }>['outcome'],
  cls: 'ok' | 'stub' = 'stub',
): Fate => ({
  kind: 'reports',
  outcome,
  class: cls,
});

describe('a check that shows nothing about the node', () => {
  it.each<[string, Fate, string]>([
    [
      'its pod was evicted',
      { kind: 'evicted' },
      'The pod was evicted: The node was low on resource: memory.',
    ],
    [
      'its image cannot be pulled',
      { kind: 'image-missing' },
      'The pod was ended (DeadlineExceeded): ImagePullBackOff',
    ],
    ['its pod was never started', { kind: 'silent' }, 'The check did not end within 70 s.'],
    [
      'its pod was deleted while it ran',
      { kind: 'deleted' },
      'The pod of the check was deleted before it ended.',
    ],
    ['it left no report', { kind: 'dies' }, 'It left no termination message.'],
    ['its report is forged', { kind: 'forges' }, 'Its report belongs to another remediation.'],
    ['the upstream does not answer', reports('no-answer'), 'A new pod gets 127.0.0.53.'],
    ['the file may loop', reports('may-loop'), 'A new pod gets 127.0.0.53.'],
    ['the file has no usable server', reports('unusable'), 'A new pod gets 127.0.0.53.'],
    ['it failed itself', reports('failed'), 'A new pod gets 127.0.0.53.'],
    ['it calls a file looping that is not', reports('looping', 'ok'), 'A new pod gets 192.0.2.53.'],
  ])(
    'because %s is repeated later and later, and counts after the third in a row',
    async (_why, fate, problem) => {
      cluster.join('node-1');
      cluster.fate = () => fate;
      const leader = new CheckReplica(cluster);
      await leader.pass(5 * MINUTE);
      expect(recordOf('node-1')).toMatchObject({ failures: 1, check: { outcome: 'failed', problem } });
      expect(recordOf('node-1')).not.toHaveProperty('found');
      expect(reasonOf('node-1')).toBe('NotChecked');

      await leader.pass(35 * MINUTE);
      const [first, second, third] = checksOf('node-1').map(({ at }) => at / MINUTE);
      expect((second ?? 0) - (first ?? 0)).toBeCloseTo(10, -1);
      expect((third ?? 0) - (second ?? 0)).toBeGreaterThan(19);
      expect(recordOf('node-1')).toMatchObject({ failures: 3 });
      expect(reasonOf('node-1')).toBe('CheckFailed');
      expect(leader.announced).toEqual([]);

      cluster.fate = () => PROVEN;
      await leader.pass(60 * MINUTE);
      expect(reasonOf('node-1')).toBe('Proven');
    },
  );
});

describe('a kubelet that was started with a looping file', () => {
  beforeEach(() => {
    for (let node = 1; node <= 10; node += 1) cluster.join(`node-${node}`);
  });

  it('is found as soon as the pod of the check has run, without a read of the node', async () => {
    const leader = new CheckReplica(cluster);
    await leader.pass(15 * MINUTE);
    expect(cluster.names.map(reasonOf)).toEqual(cluster.names.map(() => 'Proven'));

    cluster.fate = () => LOOPING;
    cluster.restartKubelet('node-7');
    cluster.requests.length = 0;
    await leader.pass(2 * SECOND);
    expect(recordOf('node-7')).toMatchObject({ check: { why: 'KubeletStarted', outcome: 'drifted' } });
    expect(leader.announced).toMatchObject([{ reason: 'DriftFound' }]);
    expect(cluster.requests.map(({ method, path }) => `${method} ${path}`)).not.toContain(
      'GET /api/v1/nodes/node-7',
    );
  });

  it('is checked before nodes that are only due by time', async () => {
    const policy = { drift: { interval: '30m' } };
    const leader = new CheckReplica(cluster, { policy });
    await leader.pass(20 * MINUTE);
    expect(cluster.started).toHaveLength(10);
    leader.stop();
    // While no operator runs, all become due by time.
    await leader.pass(60 * MINUTE);
    const next = new CheckReplica(cluster, { policy });
    cluster.restartKubelet('node-7');
    await next.pass(15 * SECOND);
    const reasons = cluster.started.slice(10).map(({ node, origin }) => `${node} ${origin.why}`);
    expect(reasons[0]).toBe('node-7 KubeletStarted');
    expect(reasons[1]).toMatch(/ Interval$/);
  });
});

describe('a leader change amid two hundred checks', () => {
  it.each([0, 3])('loses none and makes none twice, when %i checks have ended in between', async (away) => {
    for (let node = 1; node <= 200; node += 1) cluster.join(`node-${node}`);
    let leader = new CheckReplica(cluster);
    await leader.pass(60 * SECOND);
    for (let change = 0; change < 3; change += 1) {
      leader.stop();
      await leader.pass(away * SECOND);
      leader = new CheckReplica(cluster);
      await leader.pass(40 * SECOND);
    }
    expect(cluster.started.length).toBeLessThan(200);
    await leader.pass(5 * MINUTE);
    expect(cluster.started.map(({ node }) => node).toSorted()).toEqual(cluster.names.toSorted());
    expect(cluster.names.filter((name) => recordOf(name)?.check?.outcome !== 'proven')).toEqual([]);
    expect(cluster.pods).toEqual([]);
  });
});

describe('the requests of checks', () => {
  it('are less than three per second, and a little more than two per check', async () => {
    for (let node = 1; node <= 200; node += 1) cluster.join(`node-${node}`);
    const leader = new CheckReplica(cluster);
    await leader.pass(10 * MINUTE);
    expect(cluster.started).toHaveLength(200);
    const perMinute = new Map<number, number>();
    for (const { at } of cluster.requests)
      perMinute.set(Math.floor(at / MINUTE), (perMinute.get(Math.floor(at / MINUTE)) ?? 0) + 1);
    expect(Math.max(...perMinute.values())).toBeLessThan(3 * 60);
    expect(cluster.requests.length / 200).toBeLessThan(2.2);
  });
});

describe('a node', () => {
  beforeEach(() => {
    cluster.join('node-1');
  });

  it('that is not Ready is not checked, and is checked when it is', async () => {
    cluster.setReady('node-1', false);
    const leader = new CheckReplica(cluster);
    await leader.pass(30 * MINUTE);
    expect(cluster.started).toEqual([]);
    cluster.setReady('node-1', true);
    await leader.pass(10 * SECOND);
    expect(reasonOf('node-1')).toBe('Proven');
  });

  it('that has gone down since it was last looked at gets no pod that would hold the budget', async () => {
    cluster.fate = () => ({ kind: 'dies' });
    const leader = new CheckReplica(cluster);
    // After the second look at all nodes, and before the check is due again.
    await leader.pass(10 * MINUTE + SECOND);
    cluster.setReady('node-1', false);
    await leader.pass(MINUTE);
    expect(cluster.started).toHaveLength(1);
  });

  it('whose record was removed was never checked: it is checked soon, and the old result is not written again', async () => {
    const leader = new CheckReplica(cluster);
    await leader.pass(10 * SECOND);
    expect(reasonOf('node-1')).toBe('Proven');
    cluster.clearRecord('node-1');
    expect(recordOf('node-1')).toBeNull();
    await leader.pass(5 * SECOND);
    expect(recordOf('node-1')?.check?.why).toBe('FirstSeen');
    expect(cluster.started).toHaveLength(2);
  });

  it('whose record was removed after its pod was removed is checked soon as well', async () => {
    const leader = new CheckReplica(cluster);
    await leader.pass(5 * MINUTE);
    expect(cluster.pods).toEqual([]);
    cluster.clearRecord('node-1');
    await leader.pass(5 * SECOND);
    expect(cluster.started).toHaveLength(2);
  });

  it('that replaces another one of its name is checked for itself, whatever the other one had', async () => {
    cluster.fate = () => LOOPING;
    const leader = new CheckReplica(cluster);
    await leader.pass(10 * SECOND);
    cluster.fate = () => PROVEN;
    cluster.leave('node-1');
    await leader.pass(SECOND);
    cluster.join('node-1');
    await leader.pass(10 * SECOND);
    expect(reasonOf('node-1')).toBe('Proven');
  });

  it('whose policy is deleted while it is checked gets the result, and its pod is removed', async () => {
    cluster.fate = () => LOOPING;
    const leader = new CheckReplica(cluster);
    await leader.pass(500);
    expect(cluster.pods).toHaveLength(1);
    leader.setPolicy(null);
    await leader.pass(3 * MINUTE);
    expect(recordOf('node-1')).toMatchObject({ check: { outcome: 'drifted' } });
    expect(cluster.pods).toEqual([]);
    cluster.restartKubelet('node-1');
    await leader.pass(60 * MINUTE);
    expect(cluster.started).toHaveLength(1);
  });

  it('that cannot be parsed does not keep the others from being checked', async () => {
    cluster.join('node-2');
    cluster.garble('node-1');
    const leader = new CheckReplica(cluster);
    await leader.pass(10 * SECOND);
    expect(reasonOf('node-2')).toBe('Proven');
  });
});
