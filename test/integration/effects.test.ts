/** Each effect on a real apiserver, as the operator's own service account: repeated, too late, and against concurrent writes. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteRemediation } from '../../src/effects/delete-remediation.ts';
import { NotOursError } from '../../src/effects/not-ours.ts';
import { proofPodName, removeProofPod, startProof } from '../../src/effects/proof-pod.ts';
import { type QuarantineRequest, quarantineNode } from '../../src/effects/quarantine.ts';
import { recreatePods } from '../../src/effects/recreate.ts';
import { releaseNode, releaseOrphan } from '../../src/effects/release.ts';
import { type RepairJobRequest, startRepair, takeBackRepair } from '../../src/effects/repair-job.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { staticConfig } from '../../src/kube/config.ts';
import { isConflict } from '../../src/kube/errors.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aRemediation } from '../support/objects/builders.ts';

const RECORD = 'dnshealth.io/quarantine';
const HELD_BY = 'dnshealth.io/quarantined-by';
const OUR_TAINT = { key: 'dnshealth.io/quarantine', effect: 'NoSchedule' };
const FOREIGN = [
  { key: 'example.com/drain', value: 'soon', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule', timeAdded: '2026-03-01T12:00:00Z' },
];
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const signal = new AbortController().signal;

let server: Apiserver;
let kube: KubeClient;

beforeAll(async () => {
  server = await startApiserver();
  await applyCrds(server);
  await applyInstallation(server);
  const tls = { ca: await readFile(server.caFile, 'utf8') };
  const token = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
  kube = createKubeClient(staticConfig(server.url, { tls, authorization: `Bearer ${token}` }), {
    metrics: createMetrics(),
    userAgent: 'effects-test/1',
  });
});
afterAll(async () => {
  await kube.close();
  await server.stop();
});

const NODE = '/api/v1/nodes/node-1';
const node = async () => (await server.call('GET', NODE)).body;
const merge = async (body: object) => server.call('PATCH', NODE, body, MERGE);

/** A node of that name, new or again. */
async function aNode({ spec = {}, annotations = {} }: { spec?: object; annotations?: object } = {}) {
  await server.call('DELETE', NODE);
  const { status, body } = await server.call('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', annotations: { 'example.com/owner': 'team-a', ...annotations } },
    spec,
  });
  expect(status).toBe(201);
  return body;
}

const quarantineOf = (uid: string, overrides: Partial<QuarantineRequest> = {}): QuarantineRequest => ({
  node: { name: 'node-1', uid },
  remediation: { name: 'incident-1', uid: 'uid-1' },
  strategy: 'Cordon',
  since: '2026-03-01T12:00:01.000Z',
  ...overrides,
});
const release = async (name = 'incident-1') =>
  releaseNode(kube, { node: 'node-1', remediation: { name, uid: 'uid-1' } }, signal);

describe.each([
  { strategy: 'Cordon', ours: { unschedulable: true }, theirCordon: undefined },
  { strategy: 'Taint', ours: { taints: expect.arrayContaining([OUR_TAINT]) }, theirCordon: true },
] as const)('quarantine by $strategy, and release', ({ strategy, ours, theirCordon }) => {
  it.each([
    ['a plain node', {}],
    ['a node that was already cordoned', { unschedulable: true }],
    ['a node with taints of others', { taints: FOREIGN }],
    ['a cordoned node with taints of others', { unschedulable: true, taints: FOREIGN }],
  ])('leave %s exactly as it was found', async (_what, spec) => {
    const found = await aNode({ spec });
    await quarantineNode(kube, quarantineOf(found.metadata.uid, { strategy }), signal);
    const held = await node();
    expect(JSON.parse(held.metadata.annotations[RECORD])).toMatchObject({
      remediation: 'incident-1',
      strategy,
    });
    expect(held.metadata.labels).toMatchObject({ [HELD_BY]: 'incident-1' });
    expect(held.spec).toMatchObject(ours);
    for (const taint of found.spec.taints ?? []) expect(held.spec.taints).toContainEqual(taint);

    await release();
    const given = await node();
    expect(given.spec).toEqual(found.spec);
    expect(given.metadata.annotations).toEqual(found.metadata.annotations);
    expect(given.metadata.labels).toEqual(found.metadata.labels);
  });

  it.each(['someone-else', null])('do not depend on the label if others set it to %s', async (value) => {
    const found = await aNode();
    const request = quarantineOf(found.metadata.uid, { strategy });
    const record = await quarantineNode(kube, request, signal);
    await merge({ metadata: { labels: { [HELD_BY]: value } } });
    expect(await quarantineNode(kube, request, signal)).toEqual(record);
    await release();
    const given = await node();
    expect(given.spec).toEqual(found.spec);
    expect(given.metadata.labels).toEqual(found.metadata.labels);
  });

  it('write once, however often they are repeated', async () => {
    const { metadata } = await aNode();
    const request = quarantineOf(metadata.uid, { strategy });
    const record = await quarantineNode(kube, request, signal);
    const { resourceVersion } = (await node()).metadata;
    const again = { ...request, since: '2026-03-01T13:00:00.000Z' };
    expect(await quarantineNode(kube, again, signal)).toEqual(record);
    expect((await node()).metadata.resourceVersion).toBe(resourceVersion);

    await release();
    const given = (await node()).metadata.resourceVersion;
    await release();
    expect((await node()).metadata.resourceVersion).toBe(given);
  });

  it('keep a taint that others set in between, and their cordon if our strategy is Taint', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid, { strategy }), signal);
    const taints = [...((await node()).spec.taints ?? []), ...FOREIGN];
    await merge({ spec: { taints, unschedulable: true } });
    await release();
    const { spec } = await node();
    expect(spec.taints).toEqual(
      expect.arrayContaining(FOREIGN.map(({ key }) => expect.objectContaining({ key }))),
    );
    expect(spec.taints).not.toContainEqual(expect.objectContaining({ key: OUR_TAINT.key }));
    expect(spec.unschedulable).toBe(theirCordon);
  });
});

describe('a cordon that someone else sets during a quarantine by Cordon', () => {
  const cordon = async (unschedulable: boolean | null) =>
    server.call('PATCH', `${NODE}?fieldManager=kubectl-cordon`, { spec: { unschedulable } }, MERGE);

  it('is kept if it was written: uncordoned, then cordoned again', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid), signal);
    await cordon(null);
    await cordon(true);
    await release();
    const given = await node();
    expect(given.spec.unschedulable).toBe(true);
    expect(given.metadata.annotations).not.toHaveProperty([RECORD]);
  });

  it('is kept if it was applied with server-side apply, which makes a second owner', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid), signal);
    const { status } = await server.call(
      'PATCH',
      `${NODE}?fieldManager=their-tool`,
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' }, spec: { unschedulable: true } },
      { contentType: 'application/apply-patch+yaml' },
    );
    expect(status).toBe(200);
    await release();
    expect((await node()).spec.unschedulable).toBe(true);
  });

  it('cannot be seen if nothing was written, as by `kubectl cordon` on a node that is cordoned', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid), signal);
    await cordon(true);
    await release();
    expect((await node()).spec.unschedulable).toBeUndefined();
  });
});

/** A client that is overtaken: someone else writes the node after each read. */
function overtaken(): KubeClient {
  return {
    ...kube,
    raw: {
      ...kube.raw,
      async request<T>(asked: Parameters<KubeClient['raw']['request']>[0]): Promise<T> {
        const answer = await kube.raw.request<T>(asked);
        if (asked.method === 'GET')
          await merge({ metadata: { annotations: { 'example.com/beat': `${performance.now()}` } } });
        return answer;
      },
    },
  };
}

describe('a node that changes between read and write', () => {
  it('is not quarantined: the answer is 409, and the node is unchanged', async () => {
    const { metadata } = await aNode();
    const attempt = quarantineNode(overtaken(), quarantineOf(metadata.uid), signal);
    await expect(attempt).rejects.toSatisfy(isConflict);
    expect((await node()).spec.unschedulable).toBeUndefined();
  });

  it('is not released: the answer is 409, and the node stays held', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid), signal);
    const attempt = releaseNode(
      overtaken(),
      { node: 'node-1', remediation: { name: 'incident-1', uid: 'uid-1' } },
      signal,
    );
    await expect(attempt).rejects.toSatisfy(isConflict);
    expect((await node()).metadata.annotations).toHaveProperty([RECORD]);
  });
});

describe('an orphan: a node whose remediation cannot release it', () => {
  const orphaned = async () =>
    releaseOrphan(kube, { node: 'node-1', text: (await node()).metadata.annotations[RECORD] }, signal);
  const cordoned = async (manager: string) =>
    server.call('PATCH', `${NODE}?fieldManager=${manager}`, { spec: { unschedulable: true } }, MERGE);

  it.each(['Cordon', 'Taint'] as const)(
    'is released completely if we quarantined it by %s',
    async (strategy) => {
      const found = await aNode({ spec: { taints: FOREIGN } });
      await quarantineNode(kube, quarantineOf(found.metadata.uid, { strategy }), signal);
      expect(await orphaned()).toBe(strategy === 'Cordon' ? 'removed' : 'none');
      const given = await node();
      expect(given.spec).toEqual(found.spec);
      expect(given.metadata.annotations).toEqual(found.metadata.annotations);
      expect(given.metadata.labels).toEqual(found.metadata.labels);
    },
  );

  it.each([
    JSON.stringify({
      remediation: 'never-existed',
      strategy: 'Cordon',
      wasUnschedulable: false,
      since: '2020-01-01T00:00:00Z',
    }),
    'mine',
  ])('keeps the cordon of an administrator, whatever the annotation says: %s', async (text) => {
    await aNode({ annotations: { [RECORD]: text } });
    await cordoned('kubectl-cordon');
    expect(await orphaned()).toBe('kept');
    const given = await node();
    expect(given.spec.unschedulable).toBe(true);
    expect(given.metadata.annotations).not.toHaveProperty([RECORD]);
  });

  it.each([
    ['a later version, which says that it cordoned the node', { version: 2, strategy: 'Cordon' }, 'removed'],
    ['a later version, which cordons in another way', { version: 2, strategy: 'Drain' }, 'kept'],
  ] as const)('with a record of %s', async (_what, fields, expected) => {
    await aNode({
      annotations: { [RECORD]: JSON.stringify({ wasUnschedulable: false, ...fields }) },
      spec: { taints: [OUR_TAINT] },
    });
    await cordoned('dnshealth-operator');
    expect(await orphaned()).toBe(expected);
    const { spec } = await node();
    expect(spec.unschedulable).toBe(expected === 'kept' ? true : undefined);
    expect(spec.taints ?? []).not.toContainEqual(expect.objectContaining({ key: OUR_TAINT.key }));
  });

  it('is left alone if its annotation was written again in the meantime', async () => {
    await aNode({ annotations: { [RECORD]: 'another' } });
    const before = await node();
    expect(await releaseOrphan(kube, { node: 'node-1', text: 'mine' }, signal)).toBeNull();
    expect(await node()).toEqual(before);
  });
});

describe('a node that is not ours', () => {
  it('is not taken over from a remediation of the same name that was deleted', async () => {
    const { metadata } = await aNode();
    await quarantineNode(kube, quarantineOf(metadata.uid), signal);
    const again = quarantineOf(metadata.uid, { remediation: { name: 'incident-1', uid: 'uid-2' } });
    await expect(quarantineNode(kube, again, signal)).rejects.toThrow(NotOursError);
  });

  it('is refused while another remediation holds it, and its quarantine is not released', async () => {
    const { metadata } = await aNode();
    await quarantineNode(
      kube,
      quarantineOf(metadata.uid, { remediation: { name: 'other', uid: 'uid-2' } }),
      signal,
    );
    const before = await node();
    await expect(quarantineNode(kube, quarantineOf(metadata.uid), signal)).rejects.toThrow(NotOursError);
    await release();
    expect(await node()).toEqual(before);
  });

  it('is refused when it was created again under the same name', async () => {
    const { metadata } = await aNode();
    const successor = await aNode();
    await expect(quarantineNode(kube, quarantineOf(metadata.uid), signal)).rejects.toThrow(NotOursError);
    expect(await node()).toEqual(successor);
  });

  it.each(['', 'mine', '{}', '{"remediation":"incident-1"}'])(
    'is left alone if its record cannot be read: %j',
    async (text) => {
      const before = await aNode({ annotations: { [RECORD]: text } });
      const attempt = quarantineNode(kube, quarantineOf(before.metadata.uid), signal);
      await expect(attempt).rejects.toThrow(NotOursError);
      await release();
      expect(await node()).toEqual(before);
    },
  );

  it('is released as a no-op once it is deleted', async () => {
    await server.call('DELETE', NODE);
    await expect(release()).resolves.toBeUndefined();
  });
});

const PODS = '/api/v1/namespaces/kube-system/pods';
const aDnsPod = async (name: string) => {
  const { body } = await server.call('POST', PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'k8s-app': 'kube-dns' } },
    spec: { containers: [{ name: 'coredns', image: 'coredns' }] },
  });
  return { name, uid: body.metadata.uid as string };
};
const exists = async (path: string) => (await server.call('GET', path)).status === 200;

describe('deleting an old remediation', () => {
  const INCIDENTS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
  const anIncident = async (): Promise<string> => {
    const { body } = await server.call('POST', INCIDENTS, {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSRemediation',
      metadata: { name: 'old' },
      spec: aRemediation().spec,
    });
    return body.metadata.uid;
  };

  it('is a no-op when repeated, and spares a later one of the same name', async () => {
    const uid = await anIncident();
    await deleteRemediation(kube, { name: 'old', uid }, signal);
    expect(await exists(`${INCIDENTS}/old`)).toBe(false);
    await expect(deleteRemediation(kube, { name: 'old', uid }, signal)).resolves.toBeUndefined();
    await anIncident();
    await deleteRemediation(kube, { name: 'old', uid }, signal);
    expect(await exists(`${INCIDENTS}/old`)).toBe(true);
  });
});

describe('recreating DNS pods', () => {
  it('deletes the pod, and is a no-op if it is already gone', async () => {
    const pod = await aDnsPod('coredns-a');
    await recreatePods(kube, [pod], signal);
    expect(await exists(`${PODS}/coredns-a`)).toBe(false);
    await expect(recreatePods(kube, [pod], signal)).resolves.toBeUndefined();
  });

  it('spares a replacement of the same name, and continues with the next pod', async () => {
    const gone = await aDnsPod('coredns-b');
    await server.call('DELETE', `${PODS}/coredns-b`, { gracePeriodSeconds: 0 });
    await aDnsPod('coredns-b');
    const next = await aDnsPod('coredns-c');
    await recreatePods(kube, [gone, next], signal);
    expect(await exists(`${PODS}/coredns-b`)).toBe(true);
    expect(await exists(`${PODS}/coredns-c`)).toBe(false);
  });
});

describe('the node side', () => {
  const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
  const PROOF = `/api/v1/namespaces/dnshealth-node/pods/${proofPodName('incident-1')}`;
  const remediation = { name: 'incident-1', uid: '11111111-1111-4111-8111-111111111111' };
  const successor = { ...remediation, uid: '22222222-2222-4222-8222-222222222222' };
  const known = { clusterDNS: [], nodeLocalDNS: [], node: [] };
  const base = { remediation, node: 'node-1', image: 'dnshealth-operator:test', activeDeadlineSeconds: 60 };
  const said = { nonce: remediation.uid, remediation: remediation.name, known, acceptRisky: false };
  const repair: RepairJobRequest = {
    ...base,
    agent: {
      verb: 'repair',
      ...said,
      targets: ['/run/systemd/resolve/resolv.conf'],
      replaceEmptyValue: false,
      externalName: 'x.invalid',
      writable: ['/etc/kubernetes'],
    },
  };
  const proof = { ...base, agent: { verb: 'prove' as const, ...said, externalName: 'x.invalid' } };
  const uidAt = async (path: string) => (await server.call('GET', path)).body.metadata?.uid as string;

  beforeEach(async () => {
    await server.call('DELETE', `${JOBS}/incident-1`, {
      propagationPolicy: 'Background',
      gracePeriodSeconds: 0,
    });
    await server.call('DELETE', PROOF, { gracePeriodSeconds: 0 });
  });

  it('is accepted by the apiserver, and started once', async () => {
    await startRepair(kube, repair, signal);
    const uid = await uidAt(`${JOBS}/incident-1`);
    await startRepair(kube, repair, signal);
    expect(await uidAt(`${JOBS}/incident-1`)).toBe(uid);

    await startProof(kube, proof, signal);
    const proofUID = await uidAt(PROOF);
    await startProof(kube, proof, signal);
    expect(await uidAt(PROOF)).toBe(proofUID);
  });

  it('is not used by a later remediation of the same name', async () => {
    await startRepair(kube, repair, signal);
    await startProof(kube, proof, signal);
    await expect(startRepair(kube, { ...repair, remediation: successor }, signal)).rejects.toThrow(
      NotOursError,
    );
    await expect(startProof(kube, { ...proof, remediation: successor }, signal)).rejects.toThrow(
      NotOursError,
    );
  });

  it('is deleted in the foreground: the Job exists until its pods are gone', async () => {
    await startRepair(kube, repair, signal);
    await takeBackRepair(kube, 'incident-1', signal);
    const { metadata } = (await server.call('GET', `${JOBS}/incident-1`)).body;
    expect(metadata.finalizers).toContain('foregroundDeletion');
    await expect(takeBackRepair(kube, 'incident-1', signal)).resolves.toBeUndefined();
    await server.call('PATCH', `${JOBS}/incident-1`, { metadata: { finalizers: null } }, MERGE);
    await expect(takeBackRepair(kube, 'incident-1', signal)).resolves.toBeUndefined();
  });

  it('leaves no proof pod, also when repeated', async () => {
    await startProof(kube, proof, signal);
    await removeProofPod(kube, 'incident-1', signal);
    // No kubelet confirms the end here, so the second call may find the pod or not.
    await expect(removeProofPod(kube, 'incident-1', signal)).resolves.toBeUndefined();
    expect(await exists(PROOF)).toBe(false);
  });
});
