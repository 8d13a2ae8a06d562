import { expect, it } from 'vitest';
import { aWatchedNode } from '../../../test/support/objects/node-records.ts';
import { aPolicy, storeOf } from '../../../test/support/objects/sighting-cluster.ts';
import { createEligibleNodes } from './eligible-nodes.ts';

it('a percentage of nodes is counted from those that the policy selects', () => {
  const pools = [
    ['a', 'web'],
    ['b', 'web'],
    ['c', 'database'],
  ] as const;
  const nodes = pools.map(
    ([name, pool]) => [name, { ...aWatchedNode(name), labels: { 'example.com/pool': pool } }] as const,
  );
  const eligible = createEligibleNodes({ nodes: storeOf(new Map(nodes)) }, { get: () => undefined });
  const selecting = (nodeSelector?: object) => eligible(aPolicy(nodeSelector ? { nodeSelector } : {}));
  expect(selecting()).toBe(3);
  expect(selecting({ matchLabels: { 'example.com/pool': 'web' } })).toBe(2);
  const expression = { key: 'example.com/pool', operator: 'NotIn', values: ['web'] };
  expect(selecting({ matchExpressions: [expression] })).toBe(1);
});
