/** Quarantine and release on a real apiserver, as the operator's own service account: repeated, too late, and against concurrent writes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotOursError } from '../../src/effects/not-ours.ts';
import { type QuarantineRequest, quarantineNode } from '../../src/effects/quarantine.ts';
import { releaseNode, releaseOrphan } from '../../src/effects/release.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { isConflict } from '../../src/kube/errors.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';

const RECORD = 'dnshealth.io/quarantine';
const HELD_BY = 'dnshealth.io/quarantined-by';
const OUR_TAINT = { key: 'dnshealth.io/quarantine', effect: 'NoSchedule' };
const FOREIGN = [
  { key: 'example.com/drain', value: 'soon', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule', timeAdded: '2026-03-01T12:00:00Z' },
];
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const signal = new AbortController().signal;

let server: InstalledApiserver;
let kube: KubeClient;

beforeAll(async () => {
  server = await startInstalledApiserver();
  kube = await operatorClient(server);
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

describe('a quarantine whose record someone removed', () => {
  const releaseHeld = async (strategy: 'Cordon' | 'Taint') =>
    releaseNode(
      kube,
      {
        node: 'node-1',
        remediation: { name: 'incident-1', uid: 'uid-1' },
        held: { strategy, nodeWasUnschedulable: false },
      },
      signal,
    );
  const heldWithoutRecord = async (strategy: 'Cordon' | 'Taint', marks: object) => {
    const found = await aNode({ spec: { taints: FOREIGN } });
    await quarantineNode(kube, quarantineOf(found.metadata.uid, { strategy }), signal);
    await merge({ metadata: marks });
    return found;
  };
  const GONE = { annotations: { [RECORD]: null } };

  it.each([
    ['Cordon', 'the label', GONE],
    ['Taint', 'the label', GONE],
    ['Cordon', 'nothing', { ...GONE, labels: { [HELD_BY]: null } }],
    ['Taint', 'nothing', { ...GONE, labels: { [HELD_BY]: null } }],
  ] as const)(
    'is ended by its release as any other: %s, where %s beside it was left',
    async (strategy, _what, marks) => {
      const found = await heldWithoutRecord(strategy, marks);
      await releaseHeld(strategy);
      const given = await node();
      expect(given.spec).toEqual(found.spec);
      expect(given.metadata.labels).toEqual(found.metadata.labels);
    },
  );

  it('leaves the cordon of an administrator', async () => {
    await heldWithoutRecord('Cordon', GONE);
    const cordon = async (unschedulable: boolean | null) =>
      server.call('PATCH', `${NODE}?fieldManager=kubectl-cordon`, { spec: { unschedulable } }, MERGE);
    await cordon(null);
    await cordon(true);
    await releaseHeld('Cordon');
    expect((await node()).spec.unschedulable).toBe(true);
  });

  it('is not written to again once nothing of it is left', async () => {
    await heldWithoutRecord('Taint', GONE);
    await releaseHeld('Taint');
    const before = await node();
    await releaseHeld('Taint');
    expect((await node()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('is not ours to end where another remediation holds the node by now', async () => {
    const { metadata } = await heldWithoutRecord('Taint', GONE);
    const other = { remediation: { name: 'incident-2', uid: 'uid-2' }, strategy: 'Taint' as const };
    await quarantineNode(kube, quarantineOf(metadata.uid, other), signal);
    await releaseHeld('Taint');
    expect((await node()).spec.taints).toContainEqual(OUR_TAINT);
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
