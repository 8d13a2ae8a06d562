import { describe, expect, it } from 'vitest';
import { aRemediation } from '../../../test/support/objects/builders.ts';
import { aRawDnsPod } from '../../../test/support/objects/raw-objects.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import type { Workload } from '../../observe/ownership.ts';
import type { Stores } from '../stores.ts';
import { otherContainers, podsByWorkload, podsOf, policyOf } from './workloads.ts';

const signal = new AbortController().signal;
const aPod = (name: string, phase = 'Running'): DnsPod =>
  parseDnsPod(aRawDnsPod({ metadata: { name }, status: { phase } }));
const holding = (pods: readonly DnsPod[]) => ({ dnsPods: { list: () => pods } }) as unknown as Stores;

it('a pod that the kubelet rejected or that a shutdown left behind is not a DNS pod: it is neither asked nor counted', async () => {
  const stores = holding(['Running', 'Pending', 'Failed', 'Succeeded'].map((phase) => aPod(phase, phase)));
  const workload = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const owned = await podsOf(workload, stores.dnsPods.list(), { owns: async () => true }, signal);
  expect(owned.map(({ name }) => name)).toEqual(['Running', 'Pending']);
  const [found] = await podsByWorkload(stores, { workloadOf: async () => workload }, signal);
  expect(found?.pods).toEqual(owned);
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

describe('an incident is repaired under', () => {
  const policy = (name: string, uid: string, workload: object = {}, created = '2026-03-01T10:00:00Z') =>
    parsePolicy({
      metadata: { name, uid, resourceVersion: '1', creationTimestamp: created },
      spec: { workload },
    });
  const other = policy('other', 'policy-9', { name: 'other' });
  const of = (...policies: readonly ReturnType<typeof policy>[]) =>
    policyOf(aRemediation(), policies)?.uid ?? null;

  it('the policy that it was claimed under, also if that names another workload now', () => {
    expect(of(other, policy('coredns', 'policy-1'))).toBe('policy-1');
    expect(of(policy('second', 'policy-2'), policy('coredns', 'policy-1', { name: 'moved' }))).toBe(
      'policy-1',
    );
  });

  it('the one that took its place: of the same workload, and the oldest of these', () => {
    const younger = policy('b', 'policy-3', {}, '2026-03-01T11:00:00Z');
    expect(of(other, younger, policy('a', 'policy-2'))).toBe('policy-2');
  });

  it('no other', () => {
    expect(of(other)).toBeNull();
  });
});
