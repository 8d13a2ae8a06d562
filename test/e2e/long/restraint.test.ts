/** What restrains a policy, on real nodes: pauses, windows, limits, the watch of the first node, the breaker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Waiting } from '../../../src/api/policy/status.ts';
import { renewDnsPods } from '../../cluster/dns/coredns-workload.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../../cluster/node/kubelet-files.ts';
import { until } from '../../cluster/until.ts';
import {
  policyColumns,
  policyStatus,
  type RemediationObject,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRemediation,
} from '../../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../../support/rig/e2e-rig.ts';
import { installFrailKubelet, removeFrailKubelet, setFrailty } from '../../support/rig/frail-kubelet.ts';
import { applyPolicy, editPolicy } from '../../support/rig/installation.ts';
import { kubeletStarts } from '../../support/rig/kubelet.ts';
import { allowJobs, forbidJobs } from '../../support/rig/no-jobs.ts';
import { inNode, loopInPlace } from '../../support/rig/node-files.ts';
import { startPlugin } from '../../support/rig/plugin.ts';

const rig = rigOfThisWorker();
const [FIRST, SECOND] = ['node-1', 'node-2'] as const;
const FREE = { unschedulable: false, taints: [], ours: [] };
/** Half a day away, every day. */
const FAR_HOUR = (new Date().getUTCHours() + 12) % 24;
const FAR_WINDOWS = [{ cron: `0 ${FAR_HOUR} * * *`, duration: '1h' }];

type Expectation = () => Promise<void>;

/** The DNS pod of the node begins to loop. Returns what `untouchedSince` does. */
async function loop(node: string): Promise<Expectation> {
  await loopInPlace(rig, node);
  return untouchedSince(node);
}

/** Returns what expects that nothing was done since now to the node, which loops. */
async function untouchedSince(node: string): Promise<Expectation> {
  const { pid } = await kubeletStarts(rig, node);
  return async () => {
    expect(await scheduling(rig, node)).toEqual(FREE);
    expect(await rig.resolvConf(node)).toBe(BAD_RESOLV_CONF);
    expect((await kubeletStarts(rig, node)).pid).toBe(pid);
  };
}

/** What the policy says of the node, once it says that the node waits for this. */
const untilWaiting = async (node: string, reason: string): Promise<Waiting> =>
  until(
    async () => {
      const waiting = (await policyStatus(rig))?.waiting.filter((one) => one.node === node) ?? [];
      const found = waiting.find((one) => one.reason === reason);
      // What the timeout then says.
      if (!found) throw new Error(`it waits for ${JSON.stringify(waiting)}`);
      return found;
    },
    { what: `the policy to say that ${node} waits: ${reason}` },
  );

const untilShown = async (columns: Readonly<Record<string, string>>): Promise<void> => {
  await until(
    async () => {
      const shown = await policyColumns(rig);
      if (Object.entries(columns).every(([title, cell]) => shown[title] === cell)) return true;
      throw new Error(`it shows ${JSON.stringify(shown)}`);
    },
    { what: `kubectl get dnshealth to show ${JSON.stringify(columns)}` },
  );
};

const condition = async (type: string) =>
  (await policyStatus(rig))?.conditions.find((one) => one.type === type);

const acknowledge = async ({ metadata }: RemediationObject) =>
  startPlugin(rig, ['acknowledge', metadata.name]).ended;
const DONE = { code: 0, out: expect.stringContaining('Acknowledged.') };

/** While another node loops, that one is cordoned: the new DNS pod is then placed on the node that is healed. */
async function untilHealed(node: string): Promise<RemediationObject> {
  const ended = await untilEnded(rig, node);
  expect(ended.status).toMatchObject({ phase: 'Healed' });
  expect(await rig.resolvConf(node)).toBe(GOOD_RESOLV_CONF);
  expect(await scheduling(rig, node)).toEqual(FREE);
  return ended;
}

describe('the windows, pauses and limits of a policy under which two nodes loop, one after the other', () => {
  let expectFirstUntouched: Expectation;
  let expectSecondUntouched: Expectation;

  beforeAll(async () => {
    await allowJobs(rig);
    await restoreCluster(rig);
    await applyPolicy(rig, {
      maintenance: { windows: FAR_WINDOWS, urgent: 'Proceed' },
      canary: { watchSeconds: 3600 },
    });
    expectFirstUntouched = await loop(FIRST);
  });
  afterAll(async () => {
    await allowJobs(rig);
    await restoreCluster(rig);
  });

  it('keep the first waiting outside of the windows while a DNS pod serves on the other, and say when one opens', async () => {
    const { message } = await untilWaiting(FIRST, 'OutsideWindow');
    const opens = new Date(/The next one opens at (\S+Z) /.exec(message)?.[1] ?? '');
    expect(opens.getTime()).toBeGreaterThan(Date.now());
    expect(opens.getUTCHours()).toBe(FAR_HOUR);
    await untilShown({ WAITING: '1', QUARANTINED: '0' });
    await expectFirstUntouched();
  });

  it('let it begin all the same once no DNS pod serves any more, which is urgent', async () => {
    // It stands still in its quarantine, so that what follows is seen while it is under repair.
    await forbidJobs(rig);
    expectSecondUntouched = await loop(SECOND);
    await untilRemediation(
      rig,
      FIRST,
      'to be in quarantine',
      ({ status }) => status?.quarantine?.heldSince !== undefined,
    );
    expect((await scheduling(rig, FIRST)).taints).toEqual(['dnshealth.io/quarantine:NoSchedule']);
  });

  it('keep the second waiting for the first: one node is repaired at a time', async () => {
    const { message } = await untilWaiting(SECOND, 'OtherNodeUnderRepair');
    expect(message).toMatch(/^Waiting for node node-1 \(.+\): only one node is repaired at the same time\.$/);
    await untilShown({ WAITING: '1', QUARANTINED: '1' });
  });

  it('let the repair end that is under way when they are paused, and keep the second from beginning', async () => {
    await editPolicy(rig, {
      pause: [{ reason: 'upgrade of the cluster', by: 'anna' }],
      limits: { perHour: 1 },
    });
    expect((await untilWaiting(SECOND, 'Paused')).message).toContain('"upgrade of the cluster" (anna)');
    const paused = await condition('Paused');
    expect(paused).toMatchObject({ status: 'True' });
    await rig.kubectl(['cordon', SECOND]);
    await allowJobs(rig);
    const { status } = await untilHealed(FIRST);
    await rig.kubectl(['uncordon', SECOND]);
    const repair = status?.steps.find(({ name }) => name === 'Repair');
    expect(Date.parse(repair?.startedAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(paused?.lastTransitionTime ?? ''),
    );
    expect((await untilWaiting(SECOND, 'Paused')).message).toContain('"upgrade of the cluster" (anna)');
    await untilShown({ WAITING: '1', QUARANTINED: '0', REPAIRED: '1', PAUSED: 'True' });
    await expectSecondUntouched();
  });

  it('hold the second by each of their limits until that is lifted, and then it is healed', async () => {
    await editPolicy(rig, { pause: [] });
    expect((await untilWaiting(SECOND, 'CanaryWatched')).message).toMatch(
      /^Node node-1 \(.+\) was the first to be repaired, and is watched until /,
    );
    await untilShown({ PAUSED: 'False' });
    // Not urgent, wherever the new DNS pod of the first node was placed.
    await editPolicy(rig, { canary: { watchSeconds: 0 }, maintenance: { urgent: 'Wait' } });
    await untilWaiting(SECOND, 'OutsideWindow');
    await editPolicy(rig, { maintenance: { windows: [] } });
    expect((await untilWaiting(SECOND, 'RepairsPerHour')).message).toContain(
      'spec.limits.perHour allows (1)',
    );
    await untilShown({ WAITING: '1', QUARANTINED: '0' });
    await expectSecondUntouched();

    await editPolicy(rig, { limits: { perHour: 2 } });
    await untilHealed(SECOND);
    await untilShown({ WAITING: '0', REPAIRED: '2' });
  });
});

describe('a repair that is rolled back, because the kubelet does not come up with the new value', () => {
  let failed: RemediationObject;
  let healed: RemediationObject;
  let expectFirstUntouched: Expectation;
  let expectSecondUntouched: Expectation;

  beforeAll(async () => {
    await restoreCluster(rig);
    await installFrailKubelet(rig, FIRST);
    await setFrailty(rig, FIRST, 'ends 1');
    await applyPolicy(rig, { canary: { watchSeconds: 3600 } });
    await loop(FIRST);
    expectSecondUntouched = await loop(SECOND);
    failed = await untilEnded(rig, FIRST);
  });
  afterAll(async () => {
    await removeFrailKubelet(rig, FIRST);
    await restoreCluster(rig);
  });

  it('has its own node released with a kubelet that runs', async () => {
    expect(failed.status).toMatchObject({ phase: 'RolledBack', reason: 'KubeletDidNotComeUp' });
    expect(await scheduling(rig, FIRST)).toEqual(FREE);
    expect(await rig.resolvConf(FIRST)).toBe(BAD_RESOLV_CONF);
    expect(await inNode(rig, FIRST, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
  });

  it('opens the breaker, which keeps the other node from being repaired', async () => {
    expect((await untilWaiting(SECOND, 'BreakerOpen')).message).toContain(failed.metadata.name);
    await untilShown({ 'BREAKER OPEN': 'True', WAITING: '1', QUARANTINED: '0', REPAIRED: '0' });
    expect(await condition('BreakerOpen')).toMatchObject({
      status: 'True',
      message: expect.stringContaining(`kubectl dnshealth acknowledge ${failed.metadata.name}`),
    });
    await expectSecondUntouched();
  });

  it('closes it when it is acknowledged, and the other node is healed', async () => {
    await rig.kubectl(['cordon', FIRST]);
    expect(await acknowledge(failed)).toMatchObject(DONE);
    healed = await untilHealed(SECOND);
    await rig.kubectl(['uncordon', FIRST]);
    await untilShown({ 'BREAKER OPEN': 'False', REPAIRED: '1' });
  });

  it('is not tried again while the node that was healed first is watched', async () => {
    await renewDnsPods(rig, FIRST);
    expectFirstUntouched = await untouchedSince(FIRST);
    expect((await untilWaiting(FIRST, 'CanaryWatched')).message).toContain(
      `node-2 (${healed.metadata.name})`,
    );
    await expectFirstUntouched();
  });

  it('nor after that one, which someone rewrote, loops again: the breaker opens until it is acknowledged', async () => {
    expectSecondUntouched = await loop(SECOND);
    for (const node of [FIRST, SECOND])
      expect((await untilWaiting(node, 'BreakerOpen')).message).toContain('of node node-2, did not last');
    await untilShown({ 'BREAKER OPEN': 'True', WAITING: '2', QUARANTINED: '0', REPAIRED: '1' });

    // What they wait for then shows that the breaker holds them no more.
    await editPolicy(rig, { maintenance: { windows: FAR_WINDOWS } });
    expect(await acknowledge(healed)).toMatchObject(DONE);
    for (const node of [FIRST, SECOND]) await untilWaiting(node, 'OutsideWindow');
    await untilShown({ 'BREAKER OPEN': 'False', WAITING: '2' });
    await expectFirstUntouched();
    await expectSecondUntouched();
  });
});
