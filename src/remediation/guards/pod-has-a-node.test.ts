import { expect, it } from 'vitest';
import {
  aDnsPod,
  aNode,
  aRemediation,
  aSituation,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { NodeView } from '../world.ts';
import { podHasANode } from './pod-has-a-node.ts';

const record = (wasUnschedulable: boolean): Partial<NodeView> => ({
  unschedulable: true,
  quarantine: { remediation: 'x', strategy: 'Cordon', wasUnschedulable, since: isoAt(0) },
});
const verdict = (node: Partial<NodeView>, otherNodeTakesPods: boolean, kind = 'Deployment') =>
  podHasANode(
    aSituation({
      remediation: aRemediation({ settings: { workload: { kind } } }),
      world: { node: aNode(node), otherNodeTakesPods },
    }),
  ).kind;

it.each<[string, Partial<NodeView>, boolean, string, 'pass' | 'wait']>([
  ['that is not cordoned', {}, false, 'Deployment', 'pass'],
  [
    'that someone else cordoned, beside one that takes pods',
    { unschedulable: true },
    true,
    'Deployment',
    'pass',
  ],
  [
    'that someone else cordoned, and no other takes pods',
    { unschedulable: true },
    false,
    'Deployment',
    'wait',
  ],
  ['that someone else cordoned, for a DaemonSet', { unschedulable: true }, false, 'DaemonSet', 'pass'],
  ['that only our quarantine cordoned', record(false), false, 'Deployment', 'pass'],
  ['that was cordoned before our quarantine', record(true), false, 'Deployment', 'wait'],
])('a node %s', (_what, node, other, kind, expected) => {
  expect(verdict(node, other, kind)).toBe(expected);
});

it('says what to do', () => {
  const situation = aSituation({
    world: { node: aNode({ unschedulable: true }), otherNodeTakesPods: false },
  });
  expect(podHasANode(situation)).toMatchObject({
    reason: 'NodeCordoned',
    message: expect.stringContaining('kubectl uncordon node-1'),
  });
});

it('a node without a DNS pod needs no other one, because none is replaced', () => {
  const node = aNode({ unschedulable: true });
  const remediation = withDrift(aRemediation());
  const dnsPods = [aDnsPod({ node: 'node-2' })];
  expect(podHasANode(aSituation({ remediation, world: { node, dnsPods, otherNodeTakesPods: false } }))).toBe(
    pass,
  );
});
