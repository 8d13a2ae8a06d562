/** Policy, record, node or the whole installation deleted in the middle of an incident, on a real apiserver; the test plays kubelet, workload and agent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/plugin/cluster/connect.ts';
import { until } from '../cluster/until.ts';
import type { Answer } from '../support/apiserver/apiserver.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { runPlugin } from '../support/objects/run-plugin.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster } from './hand-driven-cluster.ts';
import { incidentPath, MOMENTS, type Moment } from './incident-path.ts';
import { ended, HELD_BY, incidentStage, RECORD, released } from './incident-stage.ts';

const NODE = '/api/v1/nodes/node-1';
const POLICY = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns';
const RECORDS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const WORK = [
  '/apis/batch/v1/namespaces/dnshealth-node/jobs',
  '/api/v1/namespaces/dnshealth-node/pods',
  '/api/v1/namespaces/dnshealth-check/pods',
];
const AT_ONCE = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };

const stage = incidentStage();
const path = incidentPath(stage);
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
});

/** What node-1 is scheduled by, and which of our marks it has. */
async function marks() {
  const { metadata, spec } = (await server.call('GET', NODE)).body;
  const all = { ...metadata.annotations, ...metadata.labels };
  return { spec, ours: [RECORD, HELD_BY].filter((key) => key in all) };
}
const AS_FOUND = { spec: {}, ours: [] };

const untilAsFound = async () =>
  until(
    async () => {
      const { spec, ours } = await marks();
      return Object.keys(spec).length + ours.length === 0 ? true : undefined;
    },
    { what: 'node-1 to be as it was found', timeoutMs: HANG_MS, everyMs: 20 },
  );

/** Jobs and pods of ours, except the checks of nodes, which are no part of an incident. */
async function workOf(incident: string): Promise<readonly Answer['body'][]> {
  const lists = await Promise.all(
    WORK.map(async (at) =>
      (await server.call('GET', at)).body.items.map((item: Answer['body']) => ({ ...item, at })),
    ),
  );
  return lists.flat().filter(({ metadata }) => metadata.labels?.['dnshealth.io/remediation'] === incident);
}

/** What the garbage collector, or the end of a namespace, does. */
async function removeWork(incident: string): Promise<void> {
  for (const { at, metadata } of await workOf(incident))
    await server.call('DELETE', `${at}/${metadata.name}`, AT_ONCE);
}

describe.each(MOMENTS)('in the phase %s, after the deletion', (phase: Moment) => {
  it('of its policy, what has begun ends as it would have, and leaves nothing', async () => {
    const { metadata } = await path.reach(phase);
    await server.call('DELETE', POLICY);
    await path.goOn(metadata.name, phase);
    const { status } = await cluster.incident('node-1', released, 'to end');
    expect(status.phase).toBe('Healed');
    expect(await marks()).toEqual(AS_FOUND);
    await cluster.proofPodIsGone(metadata.name);
  });

  it('of its record, the node is released, and all that was started for it is garbage with it', async () => {
    const { metadata } = await path.reach(phase);
    await cluster.removeIncident(metadata.name);
    await untilAsFound();
    const work = await workOf(metadata.name);
    const owners = work.flatMap((one) => one.metadata.ownerReferences ?? [{ uid: 'nobody' }]);
    expect([metadata.uid, ...work.map((one) => one.metadata.uid)]).toEqual(
      expect.arrayContaining(owners.map(({ uid }) => uid)),
    );
  });

  it('of its node, the incident ends, and a node that joins under the same name is not ours', async () => {
    const { metadata } = await path.reach(phase);
    await server.call('DELETE', NODE);
    const { status } = await cluster.incident('node-1', ended, 'to end');
    expect(status).toMatchObject({ phase: 'Failed', reason: 'NodeGone' });
    await cluster.incident('node-1', released, 'to give its place back');
    await cluster.proofPodIsGone(metadata.name);
    await cluster.node('node-1');
    expect(await marks()).toEqual(AS_FOUND);
  });

  it('of the whole installation, `kubectl dnshealth cleanup` takes back what it has left', async () => {
    const { metadata } = await path.reach(phase);
    await stage.stopOperator();
    // As the end of the CRDs and of the namespaces does.
    for (const object of [POLICY, `${RECORDS}/${metadata.name}`]) await server.call('DELETE', object);
    await removeWork(metadata.name);
    const { code, err } = await runPlugin('cleanup', {
      connect: async (asked) => connect({ ...asked, path: server.kubeconfigPath }),
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(await marks()).toEqual(AS_FOUND);
    expect(await workOf(metadata.name)).toEqual([]);
  });
});
