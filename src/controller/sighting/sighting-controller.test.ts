import { beforeEach, describe, expect, it } from 'vitest';
import { isoAt, SICK_POD, withSighting } from '../../../test/support/objects/builders.ts';
import {
  aDeath,
  aRawNode,
  LOOP_LINE,
  loggedAt,
  running,
  stampAt,
} from '../../../test/support/objects/raw-objects.ts';
import {
  anIncident,
  aPolicy,
  NODE,
  restarted,
  sightingCluster,
} from '../../../test/support/objects/sighting-cluster.ts';

let cluster: ReturnType<typeof sightingCluster>;
beforeEach(() => {
  cluster = sightingCluster();
});

/** The state of a container that died then, whose log says so. */
function anHourAgo() {
  cluster.fake.log = () => loggedAt(-3600, LOOP_LINE);
  return { state: aDeath({ startedAt: stampAt(-3601), finishedAt: stampAt(-3600) }) };
}

describe('a container death that is a repairable loop', () => {
  it('is claimed with its evidence, announced and counted', async () => {
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.fake.created).toMatchObject([
      {
        kind: 'DNSRemediation',
        metadata: { name: expect.stringMatching(/^node-1-/) },
        spec: {
          policy: { name: 'coredns', uid: 'policy-1' },
          node: { name: 'node-1', uid: 'uid-of-node-1' },
          cause: 'KubeletResolvConf',
          sighting: {
            pod: { name: 'coredns-sick', uid: 'pod-sick' },
            from: '127.0.0.1',
            zone: '.',
            diedAt: isoAt(0),
            seenAt: isoAt(2),
          },
        },
      },
    ]);
    expect(cluster.announced).toEqual(['LoopDetected']);
    expect(cluster.counted).toEqual(['KubeletResolvConf']);
  });

  it('is examined once, also after its container was restarted', async () => {
    await cluster.look();
    const asked = cluster.fake.asked.length;
    await cluster.look();
    cluster.become(restarted);
    await cluster.look();
    expect(cluster.fake.asked).toHaveLength(asked);
    expect(cluster.counted).toEqual(['KubeletResolvConf']);
  });

  it('is distinct from the death of the next container, even within the same second', async () => {
    await cluster.look();
    cluster.become({
      state: aDeath({ containerID: 'containerd://second' }),
      lastState: aDeath(),
      restartCount: 1,
    });
    await cluster.look();
    expect(cluster.counted).toHaveLength(2);
  });

  it('waits while its node has an incident, and is claimed when that one is over, without reading the log again', async () => {
    cluster.remediations.set('node-1-other', anIncident('Repairing'));
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    cluster.remediations.set('node-1-other', anIncident('Cancelled', { finishedAt: isoAt(-1) }));
    cluster.fake.log = () => {
      throw new Error('the log must not be read again');
    };
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
    expect(cluster.announced).toEqual(['LoopDetected']);
  });

  it('is only reported, with advice, while the policy observes, and claimed when that changes', async () => {
    cluster.policies.set('coredns', aPolicy({ mode: 'Observe' }));
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    const [observed] = cluster.sightings.observationsFor('policy-1');
    expect(observed).toMatchObject({ cause: 'KubeletResolvConf' });
    for (const hint of [
      'mode: Repair',
      'node-1',
      'kubectl dnshealth plan node-1',
      'kubectl patch dnshealth coredns',
    ])
      expect(observed?.advice).toContain(hint);
    cluster.policies.set('coredns', aPolicy());
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
    expect(cluster.sightings.observationsFor('policy-1')[0]).not.toHaveProperty('advice');
  });

  it('is claimed although the clock of its node is an hour behind, if the operator saw it happen', async () => {
    cluster.become({ state: running(-3700) });
    cluster.change(anHourAgo());
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
  });

  it('is only reported, with advice, if it is old and the operator did not see it happen', async () => {
    cluster.become(anHourAgo());
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    const [observed] = cluster.sightings.observationsFor('policy-1');
    expect(observed?.advice).toContain('by the clock of the node');
  });

  it('is only reported while its node is left alone after a rollback, and claimed once that is acknowledged', async () => {
    const rolledBack = anIncident('RolledBack', { finishedAt: isoAt(-1) });
    cluster.remediations.set('node-1-other', rolledBack);
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    const [observed] = cluster.sightings.observationsFor('policy-1');
    expect(observed?.advice).toContain('kubectl annotate dnsrem node-1-other');
    cluster.remediations.set('node-1-other', { ...rolledBack, acknowledged: true });
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
    expect(cluster.sightings.observationsFor('policy-1')[0]).not.toHaveProperty('advice');
  });

  it('is reported and claimed again, once, under a policy that was deleted and applied again', async () => {
    await cluster.look();
    const cancelled = anIncident('Cancelled', { reason: 'PolicyDeleted', finishedAt: isoAt(2) });
    cluster.remediations.set(cancelled.name, withSighting(cancelled, { pod: SICK_POD }));
    cluster.policies.set('coredns', { ...aPolicy(), uid: 'policy-2' });
    await cluster.look();
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(2);
    expect(cluster.sightings.observationsFor('policy-2')).toMatchObject([{ cause: 'KubeletResolvConf' }]);
    expect(cluster.announced).toEqual(['LoopDetected']);
  });

  it('is reported on an excluded node, and never claimed', async () => {
    cluster.fake.answers.set(NODE, aRawNode({ metadata: { labels: { 'dnshealth.io/exclude': 'true' } } }));
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    expect(cluster.announced).toEqual(['LoopDetected']);
  });
});

describe('nothing is claimed', () => {
  it('for a container that exited with 0, or that never died', async () => {
    cluster.become({ state: aDeath({ exitCode: 0, reason: 'Completed' }) });
    await cluster.look();
    cluster.become({ state: running(0) });
    await cluster.look();
    expect(cluster.fake.asked).toEqual([]);
  });

  it('for a crash that is not a loop: it is reported', async () => {
    cluster.fake.log = () =>
      loggedAt(0, "/etc/coredns/Corefile:4 - Error during parsing: Unknown directive 'forwardd'\n");
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    expect(cluster.announced).toEqual(['CorefileError']);
  });

  it('if the Corefile cannot be found: the cause is not proven', async () => {
    cluster.fake.answers.delete('/api/v1/namespaces/kube-system/configmaps/coredns');
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    expect(cluster.counted).toHaveLength(1);
  });

  it('for a pod without a policy, or one that was deleted', async () => {
    cluster.policies.clear();
    await cluster.look();
    cluster.pods.clear();
    await cluster.look();
    expect(cluster.fake.asked).toEqual([]);
  });
});
