import { describe, expect, it } from 'vitest';
import { ZodError } from 'zod';
import { at } from '../../test/support/objects/builders.ts';
import { aDeath, aRawDnsPod, running, stampAt } from '../../test/support/objects/raw-objects.ts';
import { parseDnsPod } from './dns-pod.ts';

const deathOf = (container: object) => parseDnsPod(aRawDnsPod({ container })).containers[0]?.death;

describe('a DNS pod at the border', () => {
  it('keeps what a decision needs', () => {
    expect(parseDnsPod(aRawDnsPod())).toEqual({
      name: 'coredns-sick',
      namespace: 'kube-system',
      uid: 'pod-sick',
      label: 'k8s-app=kube-dns',
      node: 'node-1',
      ip: '10.244.1.5',
      ips: ['10.244.1.5', 'fd00:1::5'],
      createdAt: at(-10),
      startedAt: at(-9),
      deleting: false,
      finished: false,
      ready: false,
      hostNetwork: false,
      dnsPolicy: 'Default',
      dnsConfigNameservers: [],
      configMaps: ['coredns'],
      controller: { kind: 'ReplicaSet', name: 'coredns-5d78', uid: 'replica-set-1' },
      containers: [
        {
          name: 'coredns',
          id: 'containerd://first',
          image: 'registry.k8s.io/coredns/coredns:v1.12.1',
          restartCount: 0,
          runningSince: null,
          death: {
            id: 'containerd://first',
            exitCode: 1,
            reason: 'Error',
            startedAt: at(-1),
            finishedAt: at(0),
            isCurrent: true,
          },
        },
      ],
    });
  });

  it.each(['Failed', 'Succeeded'])('is finished in phase %s', (phase) => {
    expect(parseDnsPod(aRawDnsPod({ status: { phase } })).finished).toBe(true);
  });

  it('may have no status and no node: it was just created', () => {
    const pod = parseDnsPod(aRawDnsPod({ spec: { nodeName: undefined }, status: null }));
    expect(pod).toMatchObject({ node: '', ip: null, ips: [], startedAt: null, ready: false, containers: [] });
  });

  it('has an address also if an old server returns only podIP', () => {
    const pod = parseDnsPod(aRawDnsPod({ status: { podIPs: undefined } }));
    expect(pod).toMatchObject({ ip: '10.244.1.5', ips: ['10.244.1.5'] });
  });

  it.each([
    [{ 'k8s-app': 'coredns', 'app.kubernetes.io/name': 'coredns' }, 'k8s-app=coredns'],
    [{ 'k8s-app': 'nodelocaldns' }, 'k8s-app=nodelocaldns'],
    [{ 'k8s-app': 'other', 'app.kubernetes.io/name': 'coredns' }, 'app.kubernetes.io/name=coredns'],
    [{ 'app.kubernetes.io/name': 'coredns' }, 'app.kubernetes.io/name=coredns'],
  ])('keeps of its labels %j the one by which it was found', (labels, label) => {
    expect(parseDnsPod(aRawDnsPod({ metadata: { labels } })).label).toBe(label);
  });

  it('is controlled only by an owner with controller: true', () => {
    const ownerReferences = [{ kind: 'Node', name: 'node-1', uid: 'n' }];
    expect(parseDnsPod(aRawDnsPod({ metadata: { ownerReferences } })).controller).toBeNull();
  });

  it('treats null like a missing field', () => {
    const pod = parseDnsPod(
      aRawDnsPod({
        metadata: { deletionTimestamp: null, ownerReferences: null },
        spec: { hostNetwork: null, dnsPolicy: null, dnsConfig: null, volumes: null },
        status: { conditions: null, containerStatuses: null },
      }),
    );
    expect(pod).toMatchObject({
      deleting: false,
      controller: null,
      dnsPolicy: 'ClusterFirst',
      containers: [],
    });
  });

  it.each([
    ['a string', 'pod'],
    ['null', null],
    ['an object without metadata', { spec: {} }],
    ['a pod whose restart count is a string', aRawDnsPod({ container: { restartCount: '2' } })],
    ['a pod with an invalid time', aRawDnsPod({ metadata: { creationTimestamp: 'yesterday' } })],
    [
      'a pod whose exit code is not an integer',
      aRawDnsPod({ container: { state: aDeath({ exitCode: 1.5 }) } }),
    ],
  ])('rejects %s', (_what, raw) => {
    expect(() => parseDnsPod(raw)).toThrow(ZodError);
  });
});

describe('the death of a container', () => {
  it('is in `state` while no newer container was started', () => {
    expect(deathOf({ state: aDeath() })).toMatchObject({ isCurrent: true, finishedAt: at(0) });
  });

  it('is in `lastState` while a newer container waits or runs, and keeps its identity', () => {
    const waiting = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
    const before = deathOf({ state: aDeath() });
    for (const state of [waiting, running(1)])
      expect(deathOf({ state, lastState: aDeath() })).toEqual({ ...before, isCurrent: false });
  });

  it('is the one in `state` if there are two', () => {
    const container = {
      state: aDeath({ finishedAt: stampAt(9), containerID: 'containerd://second' }),
      lastState: aDeath(),
    };
    expect(deathOf(container)).toMatchObject({ id: 'containerd://second', finishedAt: at(9) });
  });

  it('is identified by its times if the runtime reports no id', () => {
    const id = deathOf({ state: aDeath({ containerID: undefined }) })?.id;
    expect(id).toBe(`${at(-1)}/${at(0)}`);
  });

  it('is null for a container that was never started or runs for the first time', () => {
    for (const state of [undefined, { waiting: { reason: 'ContainerCreating' } }, running(0)])
      expect(deathOf({ state, lastState: {} })).toBeNull();
  });
});
