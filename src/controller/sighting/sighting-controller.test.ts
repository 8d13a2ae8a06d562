import { beforeEach, describe, expect, it } from 'vitest';
import {
  aRemediation,
  aSighting,
  at,
  isoAt,
  SICK_POD,
  withSighting,
} from '../../../test/support/objects/builders.ts';
import { fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import {
  aDeath,
  aRawDnsPod,
  aRawNode,
  LOOP_LINE,
  loggedAt,
  running,
  stampAt,
} from '../../../test/support/objects/raw-objects.ts';
import type { Phase } from '../../api/remediation.ts';
import { parsePolicy, parseRemediation } from '../../observe/custom-resources.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Listener, Store } from '../../runtime/reflector/store.ts';
import type { Stores } from '../stores.ts';
import { createSightingReconciler } from './sighting-controller.ts';
import { createSightings } from './sightings.ts';

const KEY = 'kube-system/coredns-sick';
const NODE = '/api/v1/nodes/node-1';
const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
const LOG = loggedAt(0, `.:53\nCoreDNS-1.11.3\n${LOOP_LINE}\n`);
const signal = new AbortController().signal;

/** A store of what a test puts there. */
const storeOf = <T>(map: Map<string, T>): Store<T> => ({
  get: (key) => map.get(key),
  list: () => [...map.values()],
  keys: () => [...map.keys()],
  malformedKeys: () => [],
  onChange: () => () => {},
});

const aPolicy = (spec: object = {}) =>
  parsePolicy({
    metadata: { name: 'coredns', uid: 'policy-1', resourceVersion: '1', creationTimestamp: stampAt(-60) },
    spec,
  });
/** An incident of another pod of the node. */
function anIncident(phase: Phase, status: object = {}) {
  const { spec } = aRemediation();
  const sighting = aSighting({ pod: { name: 'coredns-other', uid: 'pod-other' } });
  return parseRemediation({
    metadata: { name: 'node-1-other', uid: 'r-1', resourceVersion: '1', creationTimestamp: stampAt(-5) },
    spec: { ...spec, sighting },
    status: { phase, ...status },
  });
}

function aController() {
  const pods = new Map([[KEY, parseDnsPod(aRawDnsPod())]]);
  const policies = new Map([['coredns', aPolicy()]]);
  const remediations = new Map<string, ReturnType<typeof anIncident>>();
  const fake = fakeKube({
    [NODE]: aRawNode(),
    '/api/v1/namespaces/kube-system/services': { items: [{ spec: { clusterIPs: ['10.96.0.10'] } }] },
    '/api/v1/namespaces/kube-system/configmaps/coredns': { data: { Corefile: COREFILE } },
  });
  fake.log = () => LOG;
  const announced: string[] = [];
  const counted: string[] = [];
  const listeners: Listener<DnsPod>[] = [];
  const dnsPods: Store<DnsPod> = {
    ...storeOf(pods),
    onChange: (listener) => {
      listeners.push(listener);
      return () => {};
    },
  };
  const stores = {
    dnsPods,
    policies: storeOf(policies),
    remediations: storeOf(remediations),
  } as unknown as Stores;
  const sightings = createSightings();
  let seconds = 2;
  const reconcile = createSightingReconciler({
    kube: fake.kube,
    stores,
    ownership: { owns: () => Promise.resolve(true) },
    settings: { agentImage: 'registry.example.com/dnshealth-operator:0.1.0' },
    sightings,
    narrator: { recordTransition: () => {}, announce: ({ reason }) => void announced.push(reason) },
    metrics: { sighted: (cause) => void counted.push(cause), follow: () => {} },
    logger: silentLogger,
    now: () => at(seconds),
  });
  return {
    fake,
    pods,
    policies,
    remediations,
    announced,
    counted,
    sightings,
    look: async () => reconcile(KEY, signal),
    wait: (more: number) => void (seconds += more),
    /** What the store holds from now on, as after a list. */
    become: (container: object) => void pods.set(KEY, parseDnsPod(aRawDnsPod({ container }))),
    /** As after a watch event. */
    change: (container: object) => {
      const old = pods.get(KEY);
      const object = parseDnsPod(aRawDnsPod({ container }));
      pods.set(KEY, object);
      if (old) for (const listener of listeners) listener({ kind: 'modified', key: KEY, object, old });
    },
  };
}

let cluster: ReturnType<typeof aController>;
beforeEach(() => {
  cluster = aController();
});
const restarted = {
  state: running(2),
  lastState: aDeath(),
  restartCount: 1,
  containerID: 'containerd://second',
};

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
      'config/samples/dry-run.yaml',
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

describe('a node that was restarted under the container', () => {
  it('is reported without a log, which may be gone', async () => {
    cluster.become({
      lastState: aDeath({ exitCode: 255, reason: 'Unknown' }),
      state: running(2),
      restartCount: 1,
    });
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.announced).toEqual(['NodeRestarted']);
    expect(cluster.fake.created).toEqual([]);
  });
});

describe('a log', () => {
  it('of the current container is read first while none is newer, otherwise that of the previous one', async () => {
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    cluster.become(restarted);
    await cluster.look();
    expect(cluster.fake.asked.filter((asked) => asked.startsWith('LOG'))).toEqual([
      'LOG coredns-sick previous=false',
      'LOG coredns-sick previous=true',
      'LOG coredns-sick previous=true',
      'LOG coredns-sick previous=false',
    ]);
  });

  it('that the runtime refuses for a moment is read again; one that is forbidden is an error', async () => {
    cluster.fake.log = ({ previous }) => {
      if (previous) return LOG;
      throw kubeError(500, 'InternalError');
    };
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.fake.created).toHaveLength(1);

    cluster = aController();
    cluster.fake.log = () => {
      throw kubeError(403, 'Forbidden');
    };
    await expect(cluster.look()).rejects.toThrow('403');
  });

  it('that may belong to a newer container is read again once it has an unambiguous name', async () => {
    cluster.fake.log = ({ previous }) => (previous ? LOG : loggedAt(0, '.:53\nCoreDNS-1.11.3\n'));
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    cluster.become(restarted);
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
    expect(cluster.sightings.observationsFor('policy-1')).toMatchObject([{ cause: 'KubeletResolvConf' }]);
  });
});

describe('a log that never comes', () => {
  const asked = () => cluster.fake.asked.filter((one) => one.startsWith('LOG')).length;
  const observed = () => cluster.sightings.observationsFor('policy-1');

  it('is asked for more and more slowly, and the policy says so after ten seconds', async () => {
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    cluster.wait(3);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 3_000 });
    expect(observed()).toEqual([]);
    cluster.wait(7);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 3_000 });
    expect(observed()).toMatchObject([
      {
        cause: 'NoLog',
        message: 'The container ended with exit code 1 (Error). Its log cannot be read.',
        advice: expect.stringContaining('kubectl -n kube-system logs --previous'),
      },
    ]);
    cluster.wait(20);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 30_000 });
    expect(cluster.announced).toEqual(['NoLog']);
  });

  it('is used when it comes after all', async () => {
    cluster.fake.log = () => '';
    await cluster.look();
    cluster.wait(60);
    await cluster.look();
    cluster.fake.log = () => LOG;
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(observed()).toMatchObject([{ cause: 'KubeletResolvConf' }]);
    expect(cluster.fake.created).toHaveLength(1);
  });

  it('is asked for quickly again after the next death', async () => {
    cluster.fake.log = () => '';
    await cluster.look();
    cluster.wait(60);
    await cluster.look();
    cluster.become({ state: aDeath({ containerID: 'containerd://second' }), restartCount: 1 });
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
  });

  it('is not needed where the exit code says enough, or the container never ran', async () => {
    cluster.fake.log = () => '';
    cluster.become({ state: aDeath({ exitCode: 137, reason: 'OOMKilled' }) });
    await cluster.look();
    cluster.wait(10);
    await cluster.look();
    expect(observed()).toMatchObject([{ cause: 'OutOfMemory' }]);

    const before = asked();
    const message = 'failed to create containerd task: exec /coredns: exec format error: unknown';
    cluster.become({ state: aDeath({ exitCode: 128, reason: 'StartError', message, containerID: 'x' }) });
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(observed()).toMatchObject([{ cause: 'WrongArchitecture' }]);
    expect(asked()).toBe(before);
  });

  it('is not replaced by one of another container, however alike: a loop of ten days ago is no evidence', async () => {
    cluster.fake.log = ({ previous }) => {
      if (previous) return loggedAt(-864_000, LOOP_LINE);
      throw kubeError(500, 'InternalError');
    };
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    expect(cluster.fake.created).toEqual([]);
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
