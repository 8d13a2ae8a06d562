/** The condition of a node on a real apiserver, written as the operator's own service account. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NodeCheckRecord, parseNodeCheckRecord } from '../../src/api/node-check-record.ts';
import { cordonOwner } from '../../src/effects/cordon-owner.ts';
import { writeNodeCheck } from '../../src/effects/node-condition.ts';
import { quarantineNode } from '../../src/effects/quarantine.ts';
import { releaseNode } from '../../src/effects/release.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';

const NODE = '/api/v1/nodes/node-1';
const RECORD = 'dnshealth.io/resolver-check';
const CONDITION = 'dnshealth.io/ResolverConfigured';
const OF_THE_KUBELET = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready' };
const AT = '2026-03-01T12:00:00.000Z';
const signal = new AbortController().signal;

const recordOf = (reason: NodeCheckRecord['condition']['reason'], message: string): NodeCheckRecord => ({
  version: 1,
  failures: 0,
  condition: { reason, message, since: AT, writtenAt: AT },
});

let server: InstalledApiserver;
let kube: KubeClient;
let uid: string;

const byType = (a: { type: string }, b: { type: string }): number => (a.type < b.type ? -1 : 1);
const node = async () => (await server.call('GET', NODE)).body;
const write = (record: NodeCheckRecord, ofUid = uid): Promise<string | null> =>
  writeNodeCheck(kube, { node: { name: 'node-1', uid: ofUid }, record }, signal);

const MERGE = { contentType: 'application/merge-patch+json' } as const;
const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' } as const;

beforeAll(async () => {
  server = await startInstalledApiserver();
  kube = await operatorClient(server);
});
afterAll(async () => {
  await kube.close();
  await server.stop();
});

beforeEach(async () => {
  await server.call('DELETE', NODE);
  const created = await server.call('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', annotations: { 'example.com/owner': 'team-a' } },
    spec: { unschedulable: true },
    status: { conditions: [OF_THE_KUBELET] },
  });
  uid = created.body.metadata.uid;
});

describe('what is known of a node', () => {
  it('is written as a condition, with the record beside it, in one request', async () => {
    const record = recordOf('Proven', 'New pods are given 192.0.2.53.');
    await write(record);
    const { metadata, status } = await node();
    expect(status.conditions.toSorted(byType)).toEqual([
      expect.objectContaining(OF_THE_KUBELET),
      {
        type: CONDITION,
        status: 'True',
        reason: 'Proven',
        message: 'New pods are given 192.0.2.53.',
        lastTransitionTime: '2026-03-01T12:00:00Z',
        lastHeartbeatTime: '2026-03-01T12:00:00Z',
      },
    ]);
    expect(parseNodeCheckRecord(metadata.annotations[RECORD])).toEqual(record);
  });

  it('replaces what was said before, and leaves everything of others as it is', async () => {
    await write(recordOf('Proven', 'New pods are given 192.0.2.53.'));
    await write(recordOf('Drifted', 'New pods are given 127.0.0.53.'));
    const { metadata, spec, status } = await node();
    expect(
      status.conditions.map(({ type, reason }: { type: string; reason: string }) => [type, reason]),
    ).toEqual(
      expect.arrayContaining([
        ['Ready', 'KubeletReady'],
        [CONDITION, 'Drifted'],
      ]),
    );
    expect(status.conditions).toHaveLength(2);
    expect(metadata.annotations['example.com/owner']).toBe('team-a');
    expect(spec).toEqual({ unschedulable: true, taints: expect.anything() });
  });

  it('is not written to another node of the same name', async () => {
    await expect(write(recordOf('Proven', ''), 'another-uid')).rejects.toMatchObject({ code: 409 });
    expect((await node()).status.conditions).toHaveLength(1);
  });

  it('is of no interest where there is no such node any more', async () => {
    await server.call('DELETE', NODE);
    await write(recordOf('Proven', ''));
    expect((await server.call('GET', NODE)).status).toBe(404);
  });
});

describe('who cordoned a node stays known', () => {
  const cordoned = (unschedulable: boolean) =>
    server.call('PATCH', `${NODE}?fieldManager=kubectl-cordon`, { spec: { unschedulable } }, MERGE);

  it('where that was someone else, before or between two writes', async () => {
    await cordoned(false);
    await write(recordOf('Repairing', ''));
    await cordoned(true);
    await write(recordOf('Proven', ''));
    expect(cordonOwner(await node())).toBe('theirs');
  });

  it('where that was the operator, whose cordon is taken back after a write', async () => {
    await cordoned(false);
    const incident = { name: 'incident-1', uid: 'uid-1' };
    const target = { name: 'node-1', uid };
    await quarantineNode(
      kube,
      { node: target, remediation: incident, strategy: 'Cordon', since: AT },
      signal,
    );
    await write(recordOf('Repairing', ''));
    expect(cordonOwner(await node())).toBe('ours');
    await releaseNode(kube, { node: 'node-1', remediation: incident }, signal);
    const { metadata, spec, status } = await node();
    expect(spec.unschedulable).toBeUndefined();
    expect(status.conditions).toHaveLength(2);
    expect(metadata.annotations[RECORD]).toBeDefined();
  });
});

it('an administrator removes condition and record with the two commands of the documentation', async () => {
  await write(recordOf('Proven', ''));
  const conditions = [{ type: CONDITION, $patch: 'delete' }];
  await server.call('PATCH', `${NODE}/status`, { status: { conditions } }, STRATEGIC);
  await server.call('PATCH', NODE, { metadata: { annotations: { [RECORD]: null } } }, MERGE);
  const { metadata, status } = await node();
  expect(status.conditions).toEqual([expect.objectContaining(OF_THE_KUBELET)]);
  expect(metadata.annotations).toEqual({ 'example.com/owner': 'team-a' });
});
