import { expect, it } from 'vitest';
import { aNode, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { platformIsMutable } from './platform-mutable.ts';

it('a repair is refused, with advice, when a managed platform owns the node', () => {
  const node = aNode({ managedPlatform: { platform: 'EKS', advice: 'Change the NodeConfig.' } });
  expect(platformIsMutable(aSituation({ world: { node } }))).toMatchObject({
    kind: 'end',
    ending: { phase: 'Refused', reason: 'ManagedPlatform', advice: 'Change the NodeConfig.', hold: false },
  });
  expect(platformIsMutable(aSituation())).toEqual(pass);
});
