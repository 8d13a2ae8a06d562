import { expect, it } from 'vitest';
import { fakeKube } from '../../test/support/objects/fake-kube.ts';
import { aRawNode } from '../../test/support/objects/raw-objects.ts';
import { anotherNodeTakesPods } from './other-nodes.ts';

const other = (taints: readonly object[] = [], status: object = {}) =>
  aRawNode({ metadata: { name: 'node-2' }, spec: { taints }, status });

it.each([
  ['none but the node itself', [aRawNode()], false],
  ['one that is Ready', [aRawNode(), other()], true],
  ['one that is not Ready', [other([], { conditions: [{ type: 'Ready', status: 'Unknown' }] })], false],
  [
    'the control plane',
    [other([{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }])],
    true,
  ],
  [
    'the control plane of an old cluster',
    [other([{ key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }])],
    true,
  ],
  [
    'one whose disk is full',
    [other([{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }])],
    false,
  ],
  ['one with a taint that only discourages', [other([{ key: 'x', effect: 'PreferNoSchedule' }])], true],
  ['one that is reserved for others', [other([{ key: 'dedicated', effect: 'NoSchedule' }])], false],
  ['one that is drained', [other([{ key: 'x', effect: 'NoExecute' }])], false],
])('of the nodes that are not cordoned, %s', async (_what, items, expected) => {
  const { kube } = fakeKube({ '/api/v1/nodes': { items } });
  expect(await anotherNodeTakesPods(kube, 'node-1', new AbortController().signal)).toBe(expected);
});
