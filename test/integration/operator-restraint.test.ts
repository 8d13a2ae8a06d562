/** When the operator waits, holds back or takes back, on a real apiserver; the test plays kubelet, workload and agent. */
import { beforeEach, describe, expect, it } from 'vitest';
import { podOf } from '../../src/api/trigger.ts';
import { until } from '../cluster/until.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { ended, HELD_BY, incidentStage, inPhase, POD_IP, RECORD } from './incident-stage.ts';

const stage = incidentStage();
const quarantined = async () => stage.quarantined();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
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
    expect(podOf((await quarantined()).spec)?.name).toBe('coredns-sick');
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
    await stage.stopOperator();
    await server.call('DELETE', '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/coredns');
    await cluster.removeIncident(metadata.name);
    await stage.startOperator();
    const free = async () => ((await cluster.nodeSpec('node-1'))['taints'] ? undefined : true);
    expect(await until(free, { what: 'the node to be released', timeoutMs: HANG_MS, everyMs: 20 })).toBe(
      true,
    );
  });
});
