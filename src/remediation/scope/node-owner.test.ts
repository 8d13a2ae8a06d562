import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aPolicySpec } from '../../../test/support/objects/builders.ts';
import { coveredBy, ownerOf, type ScopedPolicy, watcherOf } from './node-owner.ts';
import type { Labels } from './node-selector.ts';
import { overlapsOf, shadowedBy } from './overlaps.ts';

const COREDNS = { kind: 'Deployment', name: 'coredns' } as const;
const policy = (
  name: string,
  createdAt: number,
  spec: Parameters<typeof aPolicySpec>[0] = {},
): ScopedPolicy => ({
  name,
  uid: `uid-of-${name}`,
  createdAt,
  spec: aPolicySpec(spec),
});
const pool = (value: string) => ({ nodeSelector: { matchLabels: { pool: value } } });
const nameOf = (one: ScopedPolicy | null) => one?.name ?? null;

describe('a node belongs, for a DNS workload, to', () => {
  it('the oldest policy that names the workload and selects the node', () => {
    const all = [policy('young', 2), policy('old', 1, pool('a'))];
    expect(nameOf(ownerOf(all, COREDNS, { pool: 'a' }))).toBe('old');
    expect(nameOf(ownerOf(all, COREDNS, { pool: 'b' }))).toBe('young');
    expect(ownerOf(all, { kind: 'DaemonSet', name: 'coredns' }, {})).toBeNull();
  });

  it('the one with the smaller name, of two of the same second', () => {
    expect(nameOf(ownerOf([policy('b', 1), policy('a', 1)], COREDNS, {}))).toBe('a');
  });

  it('the other one as soon as the older one is deleted', () => {
    expect(nameOf(ownerOf([policy('young', 2)], COREDNS, { pool: 'a' }))).toBe('young');
  });
});

describe('a node is checked, and a drift of it is repaired, under', () => {
  const cache = { workload: { kind: 'DaemonSet', name: 'cache' } } as const;

  it('the oldest of the policies that go furthest', () => {
    const looks = policy('looks', 1, { mode: 'Observe' });
    const plans = policy('plans', 2, { workload: { name: 'second' }, mode: 'Plan' });
    expect(nameOf(coveredBy([looks, plans, policy('acts', 3, cache)], {}))).toBe('acts');
    expect(nameOf(coveredBy([looks, plans], {}))).toBe('plans');
    expect(nameOf(coveredBy([looks, policy('acts', 2, cache)], {}))).toBe('acts');
    expect(nameOf(coveredBy([policy('looks-too', 2, { ...cache, mode: 'Observe' }), looks], {}))).toBe(
      'looks',
    );
  });

  it('no younger policy for the same workload: hands off means hands off', () => {
    expect(nameOf(coveredBy([policy('looks', 1, { mode: 'Observe' }), policy('acts', 2)], {}))).toBe('looks');
  });

  it('no policy that does not select it', () => {
    expect(coveredBy([policy('a', 1, pool('a'))], { pool: 'b' })).toBeNull();
    expect(coveredBy([], {})).toBeNull();
  });
});

describe('a policy has no effect at all', () => {
  it('where older ones that select every node name all of its workloads', () => {
    const old = policy('old', 1);
    expect(shadowedBy(policy('young', 2, pool('a')), [old])).toBe('old');
    const more = policy('young', 2, { otherWorkloads: [{ kind: 'DaemonSet', name: 'cache' }] });
    expect(shadowedBy(more, [old])).toBeNull();
    expect(shadowedBy(old, [old, policy('young', 2)])).toBeNull();
  });

  it('where an older one selects the same nodes, and not where it selects others', () => {
    const old = policy('old', 1, pool('a'));
    expect(shadowedBy(policy('young', 2, pool('a')), [old])).toBe('old');
    expect(shadowedBy(policy('young', 2, pool('b')), [old])).toBeNull();
    expect(shadowedBy(policy('young', 2), [old])).toBeNull();
  });
});

describe('the overlaps that a policy shows', () => {
  const nodes = [
    { name: 'one', labels: { pool: 'a' } },
    { name: 'two', labels: { pool: 'a' } },
    { name: 'three', labels: { pool: 'b' } },
  ];

  it('are the nodes that belong to older policies, by policy', () => {
    const all = [policy('young', 3), policy('a', 1, pool('a')), policy('b', 2, pool('b'))];
    const [young] = all;
    expect(young && overlapsOf(young, all, () => nodes)).toEqual([
      { policy: 'a', nodes: 2, sample: ['one', 'two'] },
      { policy: 'b', nodes: 1, sample: ['three'] },
    ]);
  });

  it('are none where the policies select different nodes, or name different workloads', () => {
    const a = policy('a', 1, pool('a'));
    expect(overlapsOf(policy('b', 2, pool('b')), [a], () => nodes)).toEqual([]);
    const cache = policy('c', 2, { workload: { kind: 'DaemonSet', name: 'cache' } });
    expect(overlapsOf(cache, [a], () => nodes)).toEqual([]);
  });

  it('name ten nodes of thousands, and look at no node without an older policy', () => {
    const many = Array.from({ length: 5_000 }, (_each, index) => ({ name: `n-${index}`, labels: {} }));
    const [overlap] = overlapsOf(policy('young', 2), [policy('old', 1)], () => many);
    expect(overlap?.nodes).toBe(5_000);
    expect(overlap?.sample).toHaveLength(10);
    const neverLooks = () => expect.unreachable('there is no older policy');
    expect(overlapsOf(policy('old', 1), [policy('young', 2)], neverLooks)).toEqual([]);
  });
});

describe('whatever policies there are', () => {
  const spec = fc.record({
    mode: fc.constantFrom('Observe' as const, 'Repair' as const),
    workload: fc.record({ name: fc.constantFrom('coredns', 'second') }),
    nodeSelector: fc.option(fc.constantFrom(pool('a').nodeSelector, pool('b').nodeSelector), {
      nil: undefined,
    }),
  });
  const policies = fc
    .array(fc.tuple(fc.nat(3), spec), { maxLength: 5 })
    .map((all) => all.map(([createdAt, one], index) => policy(`p-${index}`, createdAt, one)));
  const labels = fc.constantFrom<Labels>({ pool: 'a' }, { pool: 'b' }, {});

  it('the answer does not depend on their order, and the owner is the one that watches', () => {
    fc.assert(
      fc.property(policies, labels, (all, node) => {
        const owner = ownerOf(all, COREDNS, node);
        expect(nameOf(ownerOf(all.toReversed(), COREDNS, node))).toBe(nameOf(owner));
        expect(nameOf(coveredBy(all.toReversed(), node))).toBe(nameOf(coveredBy(all, node)));
        expect([null, nameOf(watcherOf(all, COREDNS, node))]).toContain(nameOf(owner));
      }),
    );
  });

  it('a node is covered by a policy that owns it for a workload, and one that is shadowed covers none', () => {
    fc.assert(
      fc.property(policies, labels, (all, node) => {
        const covering = coveredBy(all, node);
        if (!covering) return;
        expect(nameOf(ownerOf(all, covering.spec.workload, node))).toBe(covering.name);
        expect(shadowedBy(covering, all)).toBeNull();
      }),
    );
  });
});
