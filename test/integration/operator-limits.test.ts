/** What holds repairs, and lets them go again, on a real apiserver; the test plays kubelet, workload and agent. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACKNOWLEDGED_ANNOTATION, PAUSE_ALL_ANNOTATION } from '../../src/api/keys.ts';
import { until } from '../cluster/until.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { ended, incidentStage, OTHER_POD_IP, POD_IP, released } from './incident-stage.ts';

const stage = incidentStage();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
});

const MERGE = { contentType: 'application/merge-patch+json' };
const CUSTOM = '/apis/dnshealth.io/v1alpha1';
const patch = async (path: string, body: object): Promise<void> => {
  const { status } = await server.call('PATCH', path, body, MERGE);
  expect(status).toBe(200);
};
const setPolicy = async (spec: object) => patch(`${CUSTOM}/dnshealthpolicies/coredns`, { spec });
const annotate = async (path: string, annotations: Record<string, string | null>) =>
  patch(path, { metadata: { annotations } });
const acknowledge = async ({ metadata }: Incident) =>
  annotate(`${CUSTOM}/dnsremediations/${metadata.name}`, { [ACKNOWLEDGED_ANNOTATION]: 'true' });

const holding = (node: string) =>
  cluster.incident(node, ({ status }) => status.quarantine?.heldSince !== undefined, 'to hold its node');
const waitsFor = (node: string, reason: string) =>
  cluster.incident(
    node,
    ({ status }) => status.phase === 'Pending' && status.reason === reason,
    `to wait: ${reason}`,
  );
const crash = async (node: string): Promise<void> => cluster.loopingPod(`coredns-on-${node}`, node);

/** Plays the node's part of a repair that heals node-1. */
async function heal({ metadata }: Incident): Promise<Incident> {
  await cluster.agentReports(metadata.name);
  await cluster.proofReports(metadata.name);
  await cluster.podEnds('coredns-on-node-1');
  await cluster.runningPod('coredns-new', 'node-1', POD_IP);
  const over = await cluster.incident('node-1', released, 'to end');
  expect(over.status).toMatchObject({ phase: 'Healed' });
  return over;
}

/** An hour that is half a day away, every day. */
const farWindow = () => [{ cron: `0 ${(new Date().getUTCHours() + 12) % 24} * * *`, duration: '1h' }];
const OPEN_WINDOW = [{ cron: '* * * * *', duration: '5m' }];

beforeEach(async () => {
  await cluster.node('node-1');
  await cluster.node('node-2');
});

describe('a pause in the middle of a repair', () => {
  it('lets that repair end and release its node, and no other begins until it is taken out', async () => {
    await cluster.policy('coredns', { canary: { watchSeconds: 0 } });
    await crash('node-1');
    const first = await holding('node-1');
    await setPolicy({ pause: [{ reason: 'upgrade', by: 'anna' }] });
    await crash('node-2');
    const { status } = await waitsFor('node-2', 'Paused');
    expect(status.message).toContain('"upgrade" (anna)');

    await heal(first);
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    await waitsFor('node-2', 'Paused');
    expect(await cluster.nodeSpec('node-2')).toEqual({});

    await setPolicy({ pause: [] });
    await holding('node-2');
  });
});

describe('a pause of all policies', () => {
  const NAMESPACE = '/api/v1/namespaces/dnshealth-system';
  afterEach(async () => annotate(NAMESPACE, { [PAUSE_ALL_ANNOTATION]: null }));

  it('holds every repair, and its end lets them begin', async () => {
    await annotate(NAMESPACE, { [PAUSE_ALL_ANNOTATION]: 'three in the morning' });
    await cluster.policy('coredns');
    await crash('node-1');
    expect((await waitsFor('node-1', 'Paused')).status.message).toContain('three in the morning');
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    await annotate(NAMESPACE, { [PAUSE_ALL_ANNOTATION]: null });
    await holding('node-1');
  });
});

describe('outside of the maintenance windows', () => {
  it('a repair waits; it begins when one is open', async () => {
    await cluster.policy('coredns', { maintenance: { windows: farWindow() } });
    await crash('node-1');
    expect((await waitsFor('node-1', 'OutsideWindow')).status.message).toContain('The next one opens at');
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    await setPolicy({ maintenance: { windows: OPEN_WINDOW } });
    await holding('node-1');
  });

  it('what is urgent passes: it begins once the last DNS pod that served does not any more', async () => {
    await cluster.servingPod('coredns-well', 'node-2', OTHER_POD_IP);
    await cluster.policy('coredns', {
      maintenance: { windows: farWindow(), urgent: 'Proceed' },
      prober: { intervalSeconds: 0 },
    });
    await crash('node-1');
    expect((await waitsFor('node-1', 'OutsideWindow')).status.finishedAt).toBeUndefined();
    await cluster.setPodReady('coredns-well', false);
    await holding('node-1');
  });
});

describe('a repair that is rolled back', () => {
  const eventsOfPolicy = async (reason: string) => {
    const path = `/api/v1/events?fieldSelector=${encodeURIComponent(`involvedObject.name=coredns,reason=${reason}`)}`;
    return until(
      async () => {
        const { body } = await server.call('GET', path);
        return body.items.length > 0 ? body.items : undefined;
      },
      { what: `the event ${reason}`, timeoutMs: HANG_MS, everyMs: 50 },
    );
  };

  it('opens the breaker: its node is released, no other repair begins until it is acknowledged', async () => {
    await cluster.policy('coredns', { canary: { watchSeconds: 0 } });
    await crash('node-1');
    const { metadata } = await holding('node-1');
    await crash('node-2');
    await waitsFor('node-2', 'OtherNodeUnderRepair');
    await cluster.agentReports(metadata.name, { outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    const failed = await cluster.incident('node-1', released, 'to end');
    expect(failed.status).toMatchObject({ phase: 'RolledBack' });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    expect((await waitsFor('node-2', 'BreakerOpen')).status.message).toContain(metadata.name);
    expect((await eventsOfPolicy('BreakerOpened'))[0]).toMatchObject({ type: 'Warning' });
    expect(await cluster.nodeSpec('node-2')).toEqual({});

    await acknowledge(failed);
    await holding('node-2');
    await eventsOfPolicy('BreakerClosed');
  });
});

describe('the first repair of a rollout', () => {
  it('is watched after it has healed its node, before the second begins', async () => {
    await cluster.policy('coredns', { canary: { watchSeconds: 3600 } });
    await crash('node-1');
    await heal(await holding('node-1'));
    await crash('node-2');
    expect((await waitsFor('node-2', 'CanaryWatched')).status.message).toContain('Node node-1');
    expect(await cluster.nodeSpec('node-2')).toEqual({});
    await setPolicy({ canary: { watchSeconds: 0 } });
    await holding('node-2');
  });

  it('opens the breaker if a DNS pod of its node fails again while that is watched', async () => {
    await cluster.policy('coredns', { canary: { watchSeconds: 3600 } });
    await crash('node-1');
    const canary = await heal(await holding('node-1'));
    await cluster.loopingPod('coredns-again', 'node-1');
    const again = await cluster.incident(
      'node-1',
      (one) => !ended(one) && one.status.reason === 'BreakerOpen',
      'to wait',
    );
    expect(again.status.message).toContain('did not last');
    // The kubelet of the node that serves alone would not be restarted.
    await cluster.setPodReady('coredns-new', false);
    await acknowledge(canary);
    await cluster.incident(
      'node-1',
      (one) => one.metadata.name === again.metadata.name && one.status.quarantine?.heldSince !== undefined,
      'to hold its node',
    );
  });
});
