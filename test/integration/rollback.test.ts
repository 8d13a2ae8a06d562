/** A person asks to take a repair back, on a real apiserver; the test plays kubelet, workload and agent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { incidentPath } from './incident-path.ts';
import { ended, incidentStage, POD_IP, RECORD, released } from './incident-stage.ts';

const NODE = '/api/v1/nodes/node-1';
const RECORDS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const LABEL = 'dnshealth.io/exclude';
const WHY = 'dnshealth.io/exclude-reason';

const stage = incidentStage();
const path = incidentPath(stage);
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
});

const meta = async () => (await server.call('GET', NODE)).body.metadata;
const isOf =
  (name: string) =>
  ({ spec }: Incident): boolean =>
    spec.trigger === 'Rollback' && spec.rollback.of.name === name;
const rollbackOf = async (name: string, wanted: (one: Incident) => boolean, what: string) =>
  cluster.incident('node-1', (one) => isOf(name)(one) && wanted(one), what);

/** Admission wants the name of the user who asks. */
async function ask(name: string, reason: string): Promise<void> {
  const me = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  const by = me.body.status.userInfo.username;
  const annotations = { 'dnshealth.io/rollback': reason, 'dnshealth.io/rollback-by': by };
  const { status } = await server.call('PATCH', `${RECORDS}/${name}`, { metadata: { annotations } }, MERGE);
  expect(status).toBe(200);
}

/** The name of a repair that healed node-1. */
async function healed(): Promise<string> {
  const { metadata } = await path.reach('Quarantining');
  await path.goOn(metadata.name, 'Quarantining');
  const { status } = await cluster.incident('node-1', released, 'to end');
  expect(status.phase).toBe('Healed');
  // The last serving DNS pod would hold the rollback, as it holds a repair.
  await cluster.node('node-2');
  await cluster.servingPod('coredns-other', 'node-2', POD_IP);
  return metadata.name;
}

/** The agent of the rollback ends with this report. */
const reports = async (name: string, report: object) =>
  cluster.agentReports(name, { verb: 'rollback', ...report });

describe('a repair that a person asks to take back', () => {
  it('is undone by a Job, the node is left alone with the reason beside the label, and both records say so', async () => {
    const repair = await healed();
    await ask(repair, 'we own this file');
    const begun = await rollbackOf(repair, (one) => one.status.phase === 'RollingBack', 'to be carried out');
    expect(begun.spec).toMatchObject({ trigger: 'Rollback', rollback: { reason: 'we own this file' } });
    // Before the change.
    const during = await meta();
    expect(during.labels[LABEL]).toBe('true');
    expect(during.annotations[WHY]).toMatch(
      new RegExp(`^${begun.metadata.name}: .* asked to undo ${repair}: we own this file$`),
    );
    expect(during.annotations[RECORD]).toBeDefined();

    await reports(begun.metadata.name, {
      outcome: 'rolled-back',
      reason: 'RolledBack',
      nodeUnchanged: false,
    });
    const { status } = await rollbackOf(repair, released, 'to end');
    expect(status).toMatchObject({ phase: 'RolledBack', reason: 'RolledBackOnRequest' });
    expect(status.advice).toContain('kubectl label node node-1 dnshealth.io/exclude-');
    const after = await meta();
    expect(after.labels[LABEL]).toBe('true');
    expect(after.annotations[RECORD]).toBeUndefined();
    const { body } = await until(
      async () => {
        const read = await server.call('GET', `${RECORDS}/${repair}`);
        return read.body.status.rolledBackBy === undefined ? undefined : read;
      },
      { what: 'the repair to name its rollback', timeoutMs: HANG_MS, everyMs: 20 },
    );
    expect(body.status.rolledBackBy).toBe(begun.metadata.name);
  });

  it('stays if the agent refuses, and the label is taken away again', async () => {
    const repair = await healed();
    await ask(repair, 'we own this file');
    const { metadata } = await rollbackOf(
      repair,
      (one) => one.status.phase === 'RollingBack',
      'to be carried out',
    );
    await reports(metadata.name, { outcome: 'refused', reason: 'ChangedSince', nodeUnchanged: true });
    expect((await rollbackOf(repair, released, 'to end')).status).toMatchObject({
      phase: 'Refused',
      reason: 'ChangedSince',
    });
    await until(async () => ((await meta()).labels?.[LABEL] === undefined ? true : undefined), {
      what: 'the label to be taken away',
      timeoutMs: HANG_MS,
      everyMs: 20,
    });
    expect((await meta()).annotations?.[WHY]).toBeUndefined();
  });

  it('is undone once, however often it is asked; a deleted record of the rollback is not made again', async () => {
    const repair = await healed();
    await ask(repair, 'we own this file');
    const first = await rollbackOf(repair, (one) => one.status.phase === 'RollingBack', 'to be carried out');
    await ask(repair, 'we own this file');
    await reports(first.metadata.name, { outcome: 'rolled-back', nodeUnchanged: false });
    await rollbackOf(repair, released, 'to end');
    await ask(repair, 'once more, to be sure');
    const second = await rollbackOf(
      repair,
      (one) => one.metadata.uid !== first.metadata.uid && ended(one),
      'to be refused',
    );
    expect(second.status).toMatchObject({ phase: 'Refused', reason: 'RolledBackAlready' });

    await cluster.removeIncident(second.metadata.name);
    await ask(repair, 'a third time');
    // By then the operator has looked at the requests again.
    await rollbackOf(
      repair,
      ({ spec }) => spec.trigger === 'Rollback' && spec.rollback.reason === 'a third time',
      'to be made',
    );
    expect((await cluster.incidents()).map(({ metadata }) => metadata.name)).not.toContain(
      second.metadata.name,
    );
  });

  it('keeps the label that an administrator had set, and his reason', async () => {
    const repair = await healed();
    const theirs = { labels: { [LABEL]: 'true' }, annotations: { [WHY]: 'mine' } };
    await server.call('PATCH', NODE, { metadata: theirs }, MERGE);
    await ask(repair, 'we own this file');
    const { metadata } = await rollbackOf(
      repair,
      (one) => one.status.phase === 'RollingBack',
      'to be carried out',
    );
    await reports(metadata.name, { outcome: 'refused', reason: 'ChangedSince', nodeUnchanged: true });
    await rollbackOf(repair, released, 'to end');
    expect(await meta()).toMatchObject(theirs);
  });
});

describe('a rollback that is under way, after the deletion', () => {
  async function underWay() {
    const repair = await healed();
    await ask(repair, 'we own this file');
    const { metadata } = await rollbackOf(
      repair,
      (one) => one.status.phase === 'RollingBack',
      'to be carried out',
    );
    return { repair, name: metadata.name };
  }

  it('of its policy, ends as it would have', async () => {
    const { repair, name } = await underWay();
    await server.call('DELETE', '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns');
    await reports(name, { outcome: 'rolled-back', nodeUnchanged: false });
    expect((await rollbackOf(repair, released, 'to end')).status).toMatchObject({
      phase: 'RolledBack',
      reason: 'RolledBackOnRequest',
    });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });

  it('of its record, has the node released, and no repair follows: the label stays', async () => {
    const { name } = await underWay();
    await cluster.removeIncident(name);
    await until(async () => ((await meta()).annotations?.[RECORD] === undefined ? true : undefined), {
      what: 'the node to be released',
      timeoutMs: HANG_MS,
      everyMs: 20,
    });
    expect(await cluster.nodeSpec('node-1')).toEqual({});
    expect((await meta()).labels[LABEL]).toBe('true');
  });

  it('of its node, ends, and a node that joins under the same name is not ours and not excluded', async () => {
    const { repair } = await underWay();
    await server.call('DELETE', NODE);
    expect((await rollbackOf(repair, ended, 'to end')).status).toMatchObject({
      phase: 'Failed',
      reason: 'NodeGone',
    });
    await rollbackOf(repair, released, 'to give its place back');
    await cluster.node('node-1');
    const { labels = {}, annotations = {} } = await meta();
    expect([labels[LABEL], annotations[WHY], annotations[RECORD]]).toEqual([undefined, undefined, undefined]);
  });
});

describe('a person who changes the node while it is in quarantine', () => {
  it('is recorded and respected: a cordon stays after the release', async () => {
    const { metadata } = await path.reach('Repairing');
    await server.call('PATCH', NODE, { spec: { unschedulable: true } }, MERGE);
    await path.goOn(metadata.name, 'Repairing');
    const { status } = await cluster.incident('node-1', released, 'to end');
    expect(status).toMatchObject({ phase: 'Healed', interference: [{ what: 'Cordoned' }] });
    expect((await cluster.nodeSpec('node-1')).unschedulable).toBe(true);
  });
});
