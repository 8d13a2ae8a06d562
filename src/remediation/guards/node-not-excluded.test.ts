import { expect, it } from 'vitest';
import { aNode, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { nodeIsNotExcluded } from './node-not-excluded.ts';

it('a repair is cancelled when its node is excluded', () => {
  expect(nodeIsNotExcluded(aSituation({ world: { node: aNode({ excluded: true }) } }))).toMatchObject({
    kind: 'end',
    ending: { phase: 'Cancelled', reason: 'NodeExcluded', hold: false },
  });
  expect(nodeIsNotExcluded(aSituation())).toEqual(pass);
});
