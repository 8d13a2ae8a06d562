import { expect, it } from 'vitest';
import { aNode, aPolicySpec, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { inScope } from './in-scope.ts';

const policy = aPolicySpec({ nodeSelector: { matchLabels: { pool: 'edge' } } });

it('a repair that waits is cancelled when the policy does not select its node any more, and says so', () => {
  expect(inScope(aSituation({ policy, world: { node: aNode({ labels: { pool: 'core' } }) } }))).toEqual({
    kind: 'end',
    ending: {
      phase: 'Cancelled',
      reason: 'NotInScope',
      message:
        'Node node-1 is not selected by spec.nodeSelector of DNSHealthPolicy coredns. Nothing was changed.',
      hold: false,
    },
  });
});

it('a repair that waits is cancelled when the node belongs to an older policy, which then decides', () => {
  const ending = {
    phase: 'Cancelled',
    reason: 'Overlapping',
    message:
      'Node node-1 belongs to DNSHealthPolicy first, which is older and names the same DNS workload. Nothing was changed.',
  };
  expect(inScope(aSituation({ world: { olderPolicy: 'first' } }))).toMatchObject({ kind: 'end', ending });
});

it('nothing stands in its way where the policy selects the node, or every node', () => {
  expect(inScope(aSituation({ policy, world: { node: aNode({ labels: { pool: 'edge' } }) } }))).toEqual(pass);
  expect(inScope(aSituation())).toEqual(pass);
});
