import { describe, expect, it } from 'vitest';
import { aPolicySpec } from '../../../test/support/objects/builders.ts';
import { aRawDnsPod } from '../../../test/support/objects/raw-objects.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import type { Workload } from '../../observe/ownership.ts';
import type { Stores } from '../stores.ts';
import { namedIn, otherContainers, podsByWorkload, podsOf, viewOf } from './workloads.ts';

const signal = new AbortController().signal;
const aPod = (name: string, phase = 'Running'): DnsPod =>
  parseDnsPod(aRawDnsPod({ metadata: { name }, status: { phase } }));
const holding = (pods: readonly DnsPod[]) => ({ dnsPods: { list: () => pods } }) as unknown as Stores;

it('a pod that the kubelet rejected or that a shutdown left behind is not a DNS pod: it is neither asked nor counted', async () => {
  const stores = holding(['Running', 'Pending', 'Failed', 'Succeeded'].map((phase) => aPod(phase, phase)));
  const workload = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const owned = await podsOf(aPolicySpec(), stores.dnsPods.list(), { owns: async () => true }, signal);
  expect(owned.map(({ name }) => name)).toEqual(['Running', 'Pending']);
  const [found] = await podsByWorkload(stores, { workloadOf: async () => workload }, signal);
  expect(found?.pods.map(({ name }) => name)).toEqual(['Running', 'Pending']);
});

it('DNS pods are grouped by the owner that was verified, and those without one are left out', async () => {
  const owners: Readonly<Record<string, Workload>> = {
    a: { kind: 'Deployment', name: 'release-coredns' },
    b: { kind: 'DaemonSet', name: 'node-local-dns' },
    c: { kind: 'Deployment', name: 'release-coredns' },
  };
  const stores = holding(['a', 'b', 'c', 'look-alike'].map((name) => aPod(name)));
  const found = await podsByWorkload(
    stores,
    { workloadOf: async ({ name }) => owners[name] ?? null },
    signal,
  );
  expect(found.map(({ kind, name, pods }) => [kind, name, pods.map((pod) => pod.name)])).toEqual([
    ['DaemonSet', 'node-local-dns', ['b']],
    ['Deployment', 'release-coredns', ['a', 'c']],
  ]);
});

it('the containers of the pods are named only if the one that the policy names is not among them', () => {
  const workload = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const cache = parseDnsPod(aRawDnsPod({ container: { name: 'node-cache' } }));
  const pending = parseDnsPod(aRawDnsPod({ status: { containerStatuses: [] } }));
  expect(otherContainers([cache, aPod('a')], workload)).toEqual([]);
  expect(otherContainers([pending], workload)).toEqual([]);
  expect(otherContainers([cache, pending], workload)).toEqual(['node-cache']);
});

describe('a policy with several workloads', () => {
  const spec = aPolicySpec({
    otherWorkloads: [{ kind: 'DaemonSet', name: 'node-local-dns', container: 'node-cache' }],
  });
  const aCache = () => {
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      name: 'node-local-dns',
      uid: 'd',
      controller: true,
    };
    return parseDnsPod(
      aRawDnsPod({
        metadata: { name: 'cache', labels: { 'k8s-app': 'node-local-dns' }, ownerReferences: [owner] },
        spec: { hostNetwork: true },
        container: { name: 'node-cache', restartCount: 4 },
      }),
    );
  };
  const owns = async ({ kind }: Workload, pod: DnsPod) =>
    kind === (pod.controller?.kind === 'DaemonSet' ? 'DaemonSet' : 'Deployment');

  it('is about the pods of all of them, each with the container of its own workload', async () => {
    const pods = await podsOf(spec, [aPod('a'), aCache()], { owns }, signal);
    expect(pods.map(({ name, workload }) => [name, workload.name, workload.container])).toEqual([
      ['a', 'coredns', 'coredns'],
      ['cache', 'node-local-dns', 'node-cache'],
    ]);
    const upTimes = { upSince: () => null };
    expect(pods.map((pod) => viewOf(pod, { upTimes, answers: null }))).toMatchObject([
      { workload: 'Deployment/coredns', isNodeLocal: false, restartCount: 0 },
      { workload: 'DaemonSet/node-local-dns', isNodeLocal: true, restartCount: 4 },
    ]);
  });

  it('counts the pods that were found of each, in the order of the policy', () => {
    const found = [
      { kind: 'DaemonSet', name: 'node-local-dns', pods: [aCache()] },
      { kind: 'Deployment', name: 'coredns', pods: [aPod('a')] },
      { kind: 'Deployment', name: 'other', pods: [aPod('b')] },
    ] as const;
    expect(namedIn(found, spec).map(({ name }) => name)).toEqual(['a', 'cache']);
  });
});
