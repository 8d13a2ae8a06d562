import { describe, expect, it } from 'vitest';
import { aRemediation } from '../../../test/support/objects/builders.ts';
import { aWatchedNode } from '../../../test/support/objects/node-records.ts';
import { aRawDnsPod } from '../../../test/support/objects/raw-objects.ts';
import { storeOf } from '../../../test/support/objects/sighting-cluster.ts';
import { type Policy, parsePolicy } from '../../observe/custom-resources.ts';
import { parseDnsPod } from '../../observe/dns-pod.ts';
import type { Workload } from '../../observe/ownership.ts';
import type { Labels } from '../../remediation/scope/node-selector.ts';
import { coveringPolicy, olderPolicyFor, policyFor, policyOf, watchedUnder } from './policies.ts';

const signal = new AbortController().signal;
const TEN = '2026-03-01T10:00:00Z';
const ELEVEN = '2026-03-01T11:00:00Z';
const policy = (name: string, uid: string, spec: object = {}, created = TEN): Policy =>
  parsePolicy({ metadata: { name, uid, resourceVersion: '1', creationTimestamp: created }, spec });
const poolA = { nodeSelector: { matchLabels: { pool: 'a' } } };
const poolB = { nodeSelector: { matchLabels: { pool: 'b' } } };

const cluster = (policies: readonly Policy[], labels: Labels | null = {}) => ({
  policies: storeOf(new Map(policies.map((one) => [one.name, one]))),
  nodes: storeOf(new Map(labels ? [['node-1', aWatchedNode('node-1', null, { labels })]] : [])),
});
const ownership = { owns: async ({ name }: Workload) => name === 'coredns' };
const pod = parseDnsPod(aRawDnsPod());

describe('an incident is repaired under', () => {
  const other = policy('other', 'policy-9', { workload: { name: 'other' } });
  const of = (...policies: readonly Policy[]) => policyOf(aRemediation(), policies, {})?.uid ?? null;

  it('the policy that it was claimed under, also if that names another workload now', () => {
    expect(of(other, policy('coredns', 'policy-1'))).toBe('policy-1');
    const moved = policy('coredns', 'policy-1', { workload: { name: 'moved' } });
    expect(of(policy('second', 'policy-2'), moved)).toBe('policy-1');
  });

  it('the one that took its place: of the same workload, for this node, and the oldest of these', () => {
    const younger = policy('b', 'policy-3', {}, ELEVEN);
    expect(of(other, younger, policy('a', 'policy-2'))).toBe('policy-2');
    expect(of(policy('a', 'policy-2', poolA), younger)).toBe('policy-3');
  });

  it('no other', () => {
    expect(of(other)).toBeNull();
    expect(of(policy('a', 'policy-2', poolA))).toBeNull();
  });
});

describe('a DNS pod is watched under', () => {
  const watcher = async (policies: readonly Policy[], labels: Labels | null = {}) =>
    (await policyFor(pod, cluster(policies, labels), ownership, signal))?.policy.name ?? null;

  it('the policy that selects its node, of two for the same workload', async () => {
    const both = [policy('a', 'uid-a', poolA), policy('b', 'uid-b', poolB, ELEVEN)];
    expect(await watcher(both, { pool: 'a' })).toBe('a');
    expect(await watcher(both, { pool: 'b' })).toBe('b');
  });

  it('the oldest that names its workload where none selects its node, so that it is not forgotten', async () => {
    const both = [policy('b', 'uid-b', poolB, ELEVEN), policy('a', 'uid-a', poolA)];
    expect(await watcher(both, { pool: 'c' })).toBe('a');
    expect(await watcher(both, null)).toBe('a');
  });

  it('no policy that names other workloads', async () => {
    expect(await watcher([policy('x', 'uid-x', { workload: { name: 'other' } })])).toBeNull();
  });

  it('exactly one policy, whatever these select', async () => {
    const all = [
      policy('a', 'uid-a', poolA),
      policy('b', 'uid-b', poolB, ELEVEN),
      policy('c', 'uid-c', {}, ELEVEN),
    ];
    const owned = [
      { ...pod, workload: { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const },
    ];
    for (const labels of [{ pool: 'a' }, { pool: 'b' }, { pool: 'c' }, { zone: 'x' }] as Labels[])
      expect(all.filter((one) => watchedUnder(one, owned, cluster(all, labels)).length > 0)).toHaveLength(1);
  });
});

describe('an older policy decides instead', () => {
  const workload = { kind: 'Deployment', name: 'coredns', container: 'coredns' } as const;
  const young = policy('young', 'uid-young', {}, ELEVEN);
  const older = (old: Policy, labels: Labels, of: typeof workload | undefined = workload) =>
    olderPolicyFor(young, of, [young, old], labels);

  it('where it selects the node as well and names the same workload', () => {
    expect(older(policy('old', 'uid-old', poolA), { pool: 'a' })).toBe('old');
    expect(older(policy('old', 'uid-old', poolA), { pool: 'b' })).toBeNull();
    expect(older(policy('old', 'uid-old', { workload: { name: 'other' } }), {})).toBeNull();
  });

  it('about a drift only where it takes every workload of the younger one', () => {
    const both = policy(
      'young',
      'uid-young',
      { otherWorkloads: [{ kind: 'DaemonSet', name: 'cache' }] },
      ELEVEN,
    );
    const old = policy('old', 'uid-old');
    expect(olderPolicyFor(both, undefined, [both, old], {})).toBeNull();
    expect(olderPolicyFor(young, undefined, [young, old], {})).toBe('old');
  });
});

it('a node is covered by the policy that selects it, and by none after that policy or its label is gone', () => {
  const all = [policy('a', 'uid-a', poolA)];
  expect(coveringPolicy(cluster(all, { pool: 'a' }), 'node-1')?.name).toBe('a');
  expect(coveringPolicy(cluster(all, {}), 'node-1')).toBeNull();
  expect(coveringPolicy(cluster([], { pool: 'a' }), 'node-1')).toBeNull();
});
