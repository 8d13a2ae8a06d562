import { expect, it } from 'vitest';
import { aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { nodeExists } from './node-exists.ts';

it('a repair is cancelled when its node is gone', () => {
  expect(nodeExists(aSituation({ world: { node: null } }))).toMatchObject({
    kind: 'end',
    ending: { phase: 'Cancelled', reason: 'NodeGone', hold: false },
  });
  expect(nodeExists(aSituation())).toEqual(pass);
});
