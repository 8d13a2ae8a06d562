/** The ladder of trust with the operator process on a real apiserver; the test plays kubelet, workload and agent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { NODE_CONDITION } from '../../src/api/node-condition.ts';
import { until } from '../cluster/until.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { incidentStage, inPhase, POD_IP, released } from './incident-stage.ts';

const CUSTOM = '/apis/dnshealth.io/v1alpha1';
const POLICY = `${CUSTOM}/dnshealthpolicies/coredns`;
const RECORDS = `${CUSTOM}/dnsremediations`;
const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const FILE = '/var/lib/kubelet/config.yaml';
const TARGET = '/run/systemd/resolve/resolv.conf';
const DIFF = `--- ${FILE}\n+++ ${FILE}\n@@ -7 +7 @@\n-resolvConf: /etc/resolv.conf\n+resolvConf: ${TARGET}\n`;

const stage = incidentStage();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
let me: string;
beforeEach(async () => {
  ({ server, cluster } = stage);
  const { body } = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  me = body.status.userInfo.username;
});

/** What the inspection finds: a file whose bytes are named by this digit. */
const inspected = (digit: string) => ({
  verb: 'inspect',
  outcome: 'would-change',
  reason: 'WouldChange',
  message: `resolvConf would become ${TARGET}.`,
  effective: { value: '/etc/resolv.conf', source: `${FILE}:7` },
  target: { path: TARGET, class: 'ok', nameservers: ['192.0.2.1'] },
  diff: DIFF,
  change: { path: FILE, line: 7, sha256Before: digit.repeat(64), sha256After: 'f'.repeat(64) },
});

/** The Job exists, and is not the one before it. */
async function inspectionReports(incident: string, report: object): Promise<void> {
  await cluster.agentReports(`${incident}-inspect`, report);
  await until(
    async () => {
      const { body } = await server.call('GET', `${JOBS}/${incident}-inspect`);
      return body.metadata?.deletionTimestamp === undefined && body.kind === 'Job' ? undefined : true;
    },
    { what: 'the inspection to be removed', timeoutMs: HANG_MS, everyMs: 20 },
  );
  await cluster.jobIsGone(`${incident}-inspect`);
}

async function crashUnder(mode: string): Promise<void> {
  await cluster.node('node-1');
  await cluster.node('node-2');
  await cluster.servingPod('coredns-other', 'node-2', POD_IP);
  await cluster.policy('coredns', { mode, verification: { stableSeconds: 1 } });
  await cluster.loopingPod('coredns-sick', 'node-1');
}
const planning = async () => cluster.incident('node-1', inPhase('Planning'), 'to be planned');
const setMode = async (mode: string) => server.call('PATCH', POLICY, { spec: { mode } }, MERGE);
const answer = async (name: string, annotations: object) => {
  const { status } = await server.call('PATCH', `${RECORDS}/${name}`, { metadata: { annotations } }, MERGE);
  expect(status).toBe(200);
};
const approve = async ({ metadata, status }: Incident) =>
  answer(metadata.name, { 'dnshealth.io/approved': status.plan?.hash, 'dnshealth.io/approved-by': me });
const is =
  (name: string, wanted: (incident: Incident) => boolean) =>
  (incident: Incident): boolean =>
    incident.metadata.name === name && wanted(incident);
/** Its plan waits for a person. */
async function waiting(): Promise<Incident> {
  const { metadata } = await planning();
  await inspectionReports(metadata.name, inspected('a'));
  return cluster.incident('node-1', inPhase('AwaitingApproval'), 'to wait for an approval');
}
async function untilNodeSays(wanted: string): Promise<void> {
  await until(
    async () => {
      const { status } = (await server.call('GET', '/api/v1/nodes/node-1')).body;
      return status.conditions?.some(
        ({ type, reason }: { type: string; reason: string }) => type === NODE_CONDITION && reason === wanted,
      )
        ? true
        : undefined;
    },
    { what: `the condition of node-1 to be ${wanted}`, timeoutMs: HANG_MS, everyMs: 20 },
  );
}
async function expectUntouched(incident: string): Promise<void> {
  expect((await server.call('GET', `${JOBS}/${incident}`)).status).toBe(404);
  expect(await cluster.nodeSpec('node-1')).not.toHaveProperty('taints');
}

describe('a crash', () => {
  it('is told under Observe, and planned as soon as the policy plans: nothing is changed', async () => {
    await crashUnder('Observe');
    await until(
      async () => ((await cluster.policyStatus('coredns'))?.observations?.length > 0 ? true : undefined),
      { what: 'the policy to report the crash', timeoutMs: HANG_MS, everyMs: 20 },
    );
    expect(await cluster.incidents()).toEqual([]);

    await setMode('Plan');
    const { metadata } = await planning();
    await cluster.agentReports(`${metadata.name}-inspect`, inspected('a'));
    const { status } = await cluster.incident('node-1', inPhase('Planned'), 'to be planned');
    expect(status).toMatchObject({
      reason: 'Planned',
      plan: {
        number: 1,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        file: FILE,
        line: 7,
        diff: DIFF,
        restarts: ['kubelet.service'],
        recreates: ['coredns-sick'],
      },
    });
    await expectUntouched(metadata.name);
  });

  it('waits under Approve, and is healed by what was approved', async () => {
    await crashUnder('Approve');
    const incident = await waiting();
    await untilNodeSays('AwaitingApproval');
    await expectUntouched(incident.metadata.name);
    await approve(incident);
    await cluster.incident('node-1', inPhase('Repairing'), 'to be repaired');
    await untilNodeSays('Repairing');
    await cluster.agentReports(incident.metadata.name);
    await cluster.proofReports(incident.metadata.name);
    await cluster.podEnds('coredns-sick');
    await cluster.runningPod('coredns-new', 'node-1', POD_IP);
    const { status } = await cluster.incident('node-1', released, 'to end');
    expect(status).toMatchObject({
      phase: 'Healed',
      plan: { number: 1 },
      approval: { hash: incident.status.plan?.hash, by: me },
    });
  });

  it('is left alone under Approve if a person says no', async () => {
    await crashUnder('Approve');
    const { metadata } = await waiting();
    await answer(metadata.name, {
      'dnshealth.io/rejected': 'node is replaced tomorrow',
      'dnshealth.io/rejected-by': me,
    });
    const { status } = await cluster.incident('node-1', inPhase('Refused'), 'to be refused');
    expect(status).toMatchObject({
      reason: 'Rejected',
      message: expect.stringContaining('node is replaced tomorrow'),
    });
    await expectUntouched(metadata.name);
  });

  it('is planned again where the agent finds another file than was approved, and that approval counts no more', async () => {
    await crashUnder('Approve');
    const first = await waiting();
    const { name } = first.metadata;
    await approve(first);
    await cluster.incident('node-1', inPhase('Repairing'), 'to be repaired');
    await cluster.agentReports(name, {
      outcome: 'refused',
      reason: 'PlanChanged',
      message: 'the file is another one than the plan says',
      nodeUnchanged: true,
    });
    const between = await cluster.incident(
      'node-1',
      is(
        name,
        ({ status }) =>
          status.quarantine === undefined &&
          status.repairTakenBack.some(({ because }) => because === 'Retry'),
      ),
      'to wait for its next attempt',
    );
    expect(between.status.attempts).toMatchObject([{ reason: 'PlanChanged' }]);
    await cluster.jobIsGone(name);
    const due = { status: { nextAttempt: new Date().toISOString() } };
    await server.call('PATCH', `${RECORDS}/${name}/status`, due, MERGE);

    await planning();
    await inspectionReports(name, inspected('b'));
    const second = await cluster.incident(
      'node-1',
      is(name, ({ status }) => status.phase === 'AwaitingApproval' && status.reason === 'ApprovalOutdated'),
      'to wait for another approval',
    );
    expect(second.status.plan).toMatchObject({ number: 2 });
    expect(second.status.plan?.hash).not.toBe(first.status.plan?.hash);
    await expectUntouched(name);
    await approve(second);
    await cluster.incident(
      'node-1',
      is(name, ({ status }) => status.phase === 'Repairing' && status.approval?.hash === status.plan?.hash),
      'to be repaired as approved',
    );
  });
});

describe('a plan that a person asks for', () => {
  it('is made under Observe of a node that is well, and the request is taken out', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns', { mode: 'Observe' });
    const requests = JSON.stringify([{ node: 'node-1', by: me, at: new Date().toISOString() }]);
    const annotations = { 'dnshealth.io/plan-requests': requests };
    expect((await server.call('PATCH', POLICY, { metadata: { annotations } }, MERGE)).status).toBe(200);

    const { metadata, spec } = await planning();
    expect(spec).toMatchObject({ trigger: 'Request', request: { by: me } });
    const { change: _change, diff: _diff, ...report } = inspected('a');
    const right = { outcome: 'already-right', reason: 'AlreadyRight', message: 'It is right.' };
    await cluster.agentReports(`${metadata.name}-inspect`, { ...report, ...right });
    const { status } = await cluster.incident('node-1', inPhase('Planned'), 'to be planned');
    expect(status.plan).toMatchObject({ changes: 'Nothing', restarts: [], recreates: [] });
    await until(
      async () =>
        (await server.call('GET', POLICY)).body.metadata.annotations?.['dnshealth.io/plan-requests']
          ? undefined
          : true,
      { what: 'the request to be taken out', timeoutMs: HANG_MS, everyMs: 20 },
    );
    await expectUntouched(metadata.name);
  });
});
