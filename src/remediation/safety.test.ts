import { expect, it } from 'vitest';
import { aDnsPod, aLoopingPod, aNode, aSituation } from '../../test/support/objects/builders.ts';
import { mayBegin } from './safety.ts';
import { pass } from './verdict.ts';

it('a repair may begin on a Ready node whose DNS pod loops while another node serves', () => {
  expect(mayBegin(aSituation())).toEqual(pass);
});

it('what ends an incident for good comes before what it would wait for', () => {
  const node = aNode({ ready: false, excluded: true });
  const dnsPods = [aLoopingPod(), aDnsPod({ node: 'node-1' })];
  expect(mayBegin(aSituation({ world: { node, dnsPods } }))).toMatchObject({
    kind: 'end',
    ending: { reason: 'NodeExcluded' },
  });
});
