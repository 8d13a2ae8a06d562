/** Whole incidents with the operator process on a real apiserver; the test plays kubelet, workload and agent. */
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { CHECK_NAMESPACE } from '../../src/api/keys.ts';
import { until } from '../cluster/until.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { HELD_BY, incidentStage, inPhase, POD_IP, released } from './incident-stage.ts';

const stage = incidentStage();
const quarantined = async () => stage.quarantined();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
});

async function killAndRestart(): Promise<void> {
  await stage.stopOperator();
  await stage.startOperator();
}

/** Between two attempts: released, and the Job of the last one deleted. */
const waitsForRetry = ({ status }: Incident) =>
  status.nextAttempt !== undefined &&
  status.quarantine === undefined &&
  status.repairTakenBack.some(({ because }) => because === 'Retry');

/** Writes of the operator according to the audit log, as "verb resource", without those of the checks of nodes. */
async function writes(): Promise<readonly string[]> {
  const log = await readFile(server.auditLogPath, 'utf8');
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .filter(
      ({ user, responseStatus }) =>
        user.username.endsWith(':dnshealth-operator') && responseStatus?.code < 300,
    )
    .filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb))
    .filter(({ objectRef }) => !['events', 'dnshealthpolicies'].includes(objectRef.resource))
    .filter(({ objectRef }) => objectRef.namespace !== CHECK_NAMESPACE || objectRef.name.endsWith('-proof'))
    .map(
      ({ verb, objectRef }) =>
        `${verb} ${[objectRef.resource, objectRef.subresource].filter(Boolean).join('/')}`,
    );
}
const count = (all: readonly string[], what: string) => all.filter((one) => one === what).length;

/** Plays the node's part of a successful incident, from the Job on. */
async function play(name: string): Promise<void> {
  await cluster.agentReports(name);
  await cluster.proofReports(name);
  await cluster.podEnds('coredns-sick');
  await cluster.runningPod('coredns-new', 'node-1', POD_IP);
}

describe('a looping pod', () => {
  it.each([
    { strategy: 'Cordon', found: {} },
    {
      strategy: 'Taint',
      found: { unschedulable: true, taints: [{ key: 'example.com/drain', effect: 'NoSchedule' }] },
    },
  ])(
    'is healed with $strategy, and the scheduling state of its node is restored',
    async ({ strategy, found }) => {
      const before = (await writes()).length;
      await cluster.node('node-1', {}, found);
      // Takes the pod of a node that someone else cordoned.
      await cluster.node('node-2');
      const spec = await cluster.nodeSpec('node-1');
      await cluster.policy('coredns', { quarantine: { strategy } });
      await cluster.loopingPod('coredns-sick', 'node-1');
      const { metadata } = await quarantined();
      expect(await cluster.nodeSpec('node-1')).not.toEqual(spec);
      const labels = (await server.call('GET', '/api/v1/nodes/node-1')).body.metadata.labels;
      expect(labels).toMatchObject({ [HELD_BY]: metadata.name });
      await play(metadata.name);
      const { status } = await cluster.incident('node-1', released, 'to end');
      expect(status).toMatchObject({ phase: 'Healed', reason: 'Verified', verification: { podIP: POD_IP } });
      expect(await cluster.nodeSpec('node-1')).toEqual(spec);
      await cluster.proofPodIsGone(metadata.name);

      const all = (await writes()).slice(before);
      const kinds = ['create dnsremediations', 'patch nodes', 'create jobs', 'create pods', 'delete pods'];
      expect(kinds.map((what) => count(all, what))).toEqual([1, 2, 1, 1, 2]);
    },
  );

  it('has all of its events on itself, where `kubectl describe dnsrem` looks for them', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    await play(metadata.name);
    await cluster.incident('node-1', released, 'to end');
    const selector = [
      `involvedObject.name=${metadata.name}`,
      'involvedObject.namespace=',
      'involvedObject.kind=DNSRemediation',
      `involvedObject.uid=${metadata.uid}`,
    ].join(',');
    const path = `/api/v1/events?fieldSelector=${encodeURIComponent(selector)}`;
    const items = await until(
      async () => {
        const { body } = await server.call('GET', path);
        return body.items.some((event: { reason: string }) => event.reason === 'Healed')
          ? body.items
          : undefined;
      },
      { what: 'the last event of the incident', timeoutMs: HANG_MS, everyMs: 50 },
    );
    expect(items.map((event: { reason: string }) => event.reason)).toEqual(
      expect.arrayContaining([
        'Quarantined',
        'RepairStarted',
        'KubeletRepaired',
        'NodeProven',
        'Released',
        'Recreated',
        'Healed',
      ]),
    );
  });

  it('ends as Refused with the reason and advice of the agent, and its node is released', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    const reported = {
      reason: 'TargetLoops',
      message: 'it lists the stub',
      advice: 'Configure DNS servers.',
    };
    await cluster.agentReports(metadata.name, { outcome: 'refused', nodeUnchanged: true, ...reported });
    const { status } = await cluster.incident('node-1', released, 'to end');
    expect(status).toMatchObject({ phase: 'Refused', ...reported, deletedPods: [] });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('is tried again after a refusal that passes by itself: until then its node is released and its Job deleted, then it is healed', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    const reported = { reason: 'TargetSilent', message: 'no answer', advice: 'Start the resolver.' };
    await cluster.agentReports(metadata.name, { outcome: 'refused', nodeUnchanged: true, ...reported });
    const { status } = await cluster.incident('node-1', waitsForRetry, 'to wait for its next attempt');
    expect(status).toMatchObject({
      phase: 'Pending',
      reason: 'AwaitingRetry',
      advice: reported.advice,
      attempts: [{ number: 1, reason: 'TargetSilent', message: 'no answer' }],
    });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    const job = `/apis/batch/v1/namespaces/dnshealth-node/jobs/${metadata.name}`;
    // No controller ends the foreground deletion here.
    expect((await server.call('GET', job)).body.metadata.deletionTimestamp).toBeDefined();

    // The minute until the next attempt is over.
    const record = `/apis/dnshealth.io/v1alpha1/dnsremediations/${metadata.name}/status`;
    const merge = { contentType: 'application/merge-patch+json' };
    await server.call('PATCH', record, { status: { nextAttempt: new Date().toISOString() } }, merge);
    await cluster.jobIsGone(metadata.name);
    await quarantined();
    await play(metadata.name);
    const { status: healed } = await cluster.incident('node-1', released, 'to end');
    expect(healed).toMatchObject({ phase: 'Healed', attempts: [{ number: 1 }] });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('is tried again if the agent cannot start, and its node is released', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    await cluster.agentCannotStart(metadata.name, 'exec: node: not found');
    const { status } = await cluster.incident('node-1', waitsForRetry, 'to wait for its next attempt');
    expect(status).toMatchObject({ phase: 'Pending', attempts: [{ reason: 'JobDidNotStart' }] });
    expect(status.message).toContain('exec: node: not found');
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });
});

describe('an operator that is killed', () => {
  it('after each step resumes from the state of the cluster: healed once, with one Job', async () => {
    const before = (await writes()).length;
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await cluster.incident('node-1', () => true, 'to be claimed');
    await killAndRestart();
    await quarantined();
    await killAndRestart();
    await cluster.incident('node-1', inPhase('Repairing'), 'to be repaired');
    await killAndRestart();
    await cluster.agentReports(metadata.name);
    await cluster.incident('node-1', ({ status }) => status.repair !== undefined, 'to know the report');
    await killAndRestart();
    await cluster.proofReports(metadata.name);
    await cluster.incident('node-1', ({ status }) => status.proof !== undefined, 'to know the proof');
    await killAndRestart();
    await cluster.podEnds('coredns-sick');
    await killAndRestart();
    await cluster.runningPod('coredns-new', 'node-1', POD_IP);
    await cluster.incident(
      'node-1',
      ({ status }) => status.verification?.firstSuccess !== undefined,
      'to be answered',
    );
    await killAndRestart();
    const { status } = await cluster.incident('node-1', released, 'to end');
    expect(status.phase).toBe('Healed');
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    const all = (await writes()).slice(before);
    expect(count(all, 'create dnsremediations')).toBe(1);
    expect(count(all, 'create jobs')).toBe(1);
    expect(count(all, 'patch nodes')).toBe(2);
  });
});
