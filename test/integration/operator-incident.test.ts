/** Whole incidents with the operator process on a real apiserver; the test plays kubelet, workload and agent. */
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { podOf } from '../../src/api/trigger.ts';
import { until } from '../cluster/until.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { answerTo, type DnsTestServer, framed, startDnsServer } from '../support/network/dns-server.ts';
import { HANG_MS } from '../support/patience.ts';
import { type HandDrivenCluster, type Incident, startHandDrivenCluster } from './hand-driven-cluster.ts';

/** Pods have loopback addresses here: a DNS server of the test answers there on port 53. */
const POD_IP = '127.77.0.2';
const RECORD = 'dnshealth.io/quarantine';
const HELD_BY = 'dnshealth.io/quarantined-by';

let server: Apiserver;
let cluster: HandDrivenCluster;
let dns: DnsTestServer;
let token: string;
let operator: OperatorProcess;

beforeAll(async () => {
  server = await startApiserver();
  await applyCrds(server);
  await applyInstallation(server);
  token = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
  cluster = await startHandDrivenCluster(server);
  // Not the address that the operator's environment names: the API server of the test listens on loopback.
  const service = await until(
    async () => {
      const path = '/api/v1/namespaces/default/services/kubernetes';
      const { status, body } = await server.call('GET', path);
      return status === 200 ? body.spec.clusterIP : undefined;
    },
    { what: 'the kubernetes Service', timeoutMs: HANG_MS, everyMs: 20 },
  );
  const reply = (query: Parameters<typeof answerTo>[0]) =>
    query.questions?.[0]?.name === 'kubernetes.default.svc.cluster.local'
      ? answerTo(query, { addresses: [service] })
      : answerTo(query, { rcode: 'NXDOMAIN' });
  dns = await startDnsServer(
    { udp: (query, send) => send(reply(query)), tcp: (query, send) => send(framed(reply(query))) },
    { address: POD_IP, port: 53 },
  );
});
afterAll(async () => {
  await dns.close();
  await cluster.close();
  await server.stop();
});
beforeEach(async () => startAgain());
afterEach(async () => {
  await operator.remove();
  await cluster.clear();
});

async function startAgain(): Promise<void> {
  operator = await startOperator(server, { token });
  await until(async () => ((await operator.isReady()) ? true : undefined), {
    what: 'the operator to be ready',
    timeoutMs: HANG_MS,
    everyMs: 20,
  });
}
async function killAndRestart(): Promise<void> {
  await operator.remove();
  await startAgain();
}

const inPhase =
  (...phases: readonly string[]) =>
  ({ status }: Incident) =>
    phases.includes(status.phase);
const ended = ({ status }: Incident) => status.finishedAt !== undefined;
const released = (incident: Incident) =>
  ended(incident) && incident.status.quarantine?.heldSince === undefined;
/** Between two attempts: released, and the Job of the last one deleted. */
const waitsForRetry = ({ status }: Incident) =>
  status.nextAttempt !== undefined &&
  status.quarantine === undefined &&
  status.repairTakenBack.some(({ because }) => because === 'Retry');
const quarantined = async () =>
  cluster.incident('node-1', ({ status }) => status.quarantine?.heldSince !== undefined, 'to hold its node');

/** Writes of the operator according to the audit log, as "verb resource". */
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

describe('a DNS pod that serves beside the looping one', () => {
  it('is not deleted while it is unready because of the kubelet restart; the looping one is', async () => {
    await cluster.node('node-1');
    await cluster.node('node-2');
    await cluster.servingPod('coredns-serving', 'node-1', POD_IP);
    await cluster.servingPod('coredns-elsewhere', 'node-2', POD_IP);
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    // The kubelet has not probed it again yet.
    await cluster.setPodReady('coredns-serving', false);
    await cluster.agentReports(metadata.name);
    await cluster.proofReports(metadata.name);
    await cluster.podEnds('coredns-sick');
    await cluster.setPodReady('coredns-serving', true);
    const { status } = await cluster.incident('node-1', inPhase('Verifying'), 'to be verified');
    expect(status.deletedPods.map(({ name }) => name)).toEqual(['coredns-sick']);
    const pod = await server.call('GET', '/api/v1/namespaces/kube-system/pods/coredns-serving');
    expect(pod.body.metadata).not.toHaveProperty('deletionTimestamp');
  });
});

describe('nothing is changed', () => {
  const observed = async (cause = 'KubeletResolvConf') =>
    until(
      async () => {
        const status = await cluster.policyStatus('coredns');
        return status?.observations?.some((one: { cause: string }) => one.cause === cause)
          ? status
          : undefined;
      },
      { what: 'the policy to report what was seen', timeoutMs: HANG_MS, everyMs: 20 },
    );

  it('while the policy observes, until its mode is Repair', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns', { mode: 'Observe' });
    await cluster.loopingPod('coredns-sick', 'node-1');
    expect((await observed()).dnsPods).toMatchObject({ total: 1, looping: 1 });
    expect(await cluster.incidents()).toEqual([]);
    expect(await cluster.nodeSpec('node-1')).toEqual({});

    const path = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns';
    const types = { contentType: 'application/merge-patch+json' };
    await server.call('PATCH', path, { spec: { mode: 'Repair' } }, types);
    expect(podOf((await quarantined()).spec).name).toBe('coredns-sick');
  });

  it('on a node that is excluded', async () => {
    await cluster.node('node-1', { labels: { 'dnshealth.io/exclude': 'true' } });
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    await observed();
    expect(await cluster.incidents()).toEqual([]);
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('except if the exclude label is not "true": there is a warning on the node, and it is repaired', async () => {
    await cluster.node('node-1', { labels: { 'dnshealth.io/exclude': 'yes' } });
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    await quarantined();
    const selector = encodeURIComponent(
      'involvedObject.name=node-1,involvedObject.uid=node-1,reason=ExcludeLabelIgnored',
    );
    const items = await until(
      async () => {
        const { body } = await server.call(
          'GET',
          `/api/v1/namespaces/default/events?fieldSelector=${selector}`,
        );
        return body.items.length > 0 ? body.items : undefined;
      },
      { what: 'the warning on the node', timeoutMs: HANG_MS, everyMs: 50 },
    );
    expect(items).toHaveLength(1);
    expect(items[0].message).toContain('kubectl label node node-1 dnshealth.io/exclude=true --overwrite');
  });

  it('when the policy is deleted while the incident waits', async () => {
    await cluster.node('node-1');
    await cluster.setReady('node-1', false);
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    await cluster.incident('node-1', ({ status }) => status.reason === 'NodeNotReady', 'to wait');
    await server.call('DELETE', '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns');
    const { status } = await cluster.incident('node-1', ended, 'to end');
    expect(status).toMatchObject({ phase: 'Cancelled', reason: 'PolicyDeleted' });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('while the quarantine record of the node cannot be parsed, which is the reason for the wait', async () => {
    await cluster.node('node-1', { annotations: { [RECORD]: 'mine' } });
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { status } = await cluster.incident('node-1', (one) => one.status.reason === 'NodeHeld', 'to wait');
    expect(status.message).toContain('cannot be read');
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('by the younger of two policies for one workload', async () => {
    await cluster.node('node-1');
    await cluster.policy('a-younger-name-but-elder');
    await cluster.policy('coredns');
    const active = await until(
      async () =>
        (await cluster.policyStatus('coredns'))?.conditions?.find(
          ({ type, reason }: { type: string; reason: string }) => type === 'Active' && reason === 'Conflict',
        ),
      { what: 'the conflict to be reported', timeoutMs: HANG_MS },
    );
    expect(active.message).toContain('a-younger-name-but-elder');
    await cluster.loopingPod('coredns-sick', 'node-1');
    expect((await quarantined()).spec.policy.name).toBe('a-younger-name-but-elder');
  });
});

describe('of two incidents', () => {
  it('the older one does not stand in the way while it cannot begin, and its record says why', async () => {
    for (const node of ['node-1', 'node-2']) await cluster.node(node);
    await cluster.setReady('node-1', false);
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    await cluster.incident('node-1', ({ status }) => status.reason === 'NodeNotReady', 'to wait');
    await cluster.loopingPod('coredns-sick-too', 'node-2');
    const second = await cluster.incident(
      'node-2',
      ({ status }) => status.quarantine?.heldSince !== undefined,
      'to begin',
    );
    await cluster.setReady('node-1', true);
    const { status } = await cluster.incident(
      'node-1',
      (one) => one.status.reason === 'OtherNodeUnderRepair',
      'to wait for the other',
    );
    expect(status.message).toContain(`node node-2 (${second.metadata.name})`);
  });
});

describe('the last serving DNS pod', () => {
  it('stays: if the other one stops serving before the agent runs, the Job is deleted and the node released', async () => {
    for (const node of ['node-1', 'node-2']) await cluster.node(node);
    await cluster.servingPod('coredns-here', 'node-1', '10.244.1.6');
    await cluster.servingPod('coredns-there', 'node-2', '10.244.2.6');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await cluster.incident('node-1', inPhase('Repairing'), 'to have its Job');
    await cluster.setPodReady('coredns-there', false);
    const takenBack = ({ status: { repairTakenBack } }: Incident) => (repairTakenBack ?? []).length > 0;
    await cluster.incident('node-1', takenBack, 'to have its Job deleted');
    await cluster.jobIsGone(metadata.name);
    const { status } = await cluster.incident('node-1', inPhase('Pending'), 'to stand back');
    expect(status).toMatchObject({ reason: 'LastServingPod' });
    expect(await cluster.nodeSpec('node-1')).toEqual({});

    await cluster.setPodReady('coredns-there', true);
    await cluster.incident('node-1', inPhase('Repairing'), 'to begin again');
  });
});

describe('a quarantined node', () => {
  it('is released when its DNSRemediation is deleted', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    await server.call('DELETE', '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns');
    await cluster.removeIncident(metadata.name);
    const spec = await until(
      async () => {
        const now = await cluster.nodeSpec('node-1');
        return now['taints'] === undefined ? now : undefined;
      },
      { what: 'the node to be released', timeoutMs: HANG_MS, everyMs: 20 },
    );
    expect(spec).toEqual({});
    const { annotations = {}, labels = {} } = (await server.call('GET', '/api/v1/nodes/node-1')).body
      .metadata;
    expect(annotations).not.toHaveProperty([RECORD]);
    expect(labels).not.toHaveProperty([HELD_BY]);
  });

  it('is released when that happened while the operator was down', async () => {
    await cluster.node('node-1');
    await cluster.policy('coredns');
    await cluster.loopingPod('coredns-sick', 'node-1');
    const { metadata } = await quarantined();
    await operator.remove();
    await server.call('DELETE', '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns');
    await cluster.removeIncident(metadata.name);
    await startAgain();
    const free = async () => ((await cluster.nodeSpec('node-1'))['taints'] ? undefined : true);
    expect(await until(free, { what: 'the node to be released', timeoutMs: HANG_MS, everyMs: 20 })).toBe(
      true,
    );
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
