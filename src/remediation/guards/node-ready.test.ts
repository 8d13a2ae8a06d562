import { expect, it } from 'vitest';
import { aNode, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { nodeIsReady } from './node-ready.ts';

it('a repair waits while its node is not Ready', () => {
  expect(nodeIsReady(aSituation({ world: { node: aNode({ ready: false }) } }))).toMatchObject({
    kind: 'wait',
    reason: 'NodeNotReady',
  });
  expect(nodeIsReady(aSituation())).toEqual(pass);
});
