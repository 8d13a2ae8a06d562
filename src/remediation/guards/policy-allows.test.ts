import { describe, expect, it } from 'vitest';
import { aPolicySpec, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { policyAllows } from './policy-allows.ts';

describe('a repair is cancelled', () => {
  it.each([
    ['the policy is gone', null, 'PolicyDeleted'],
    ['the policy only observes', aPolicySpec({ mode: 'Observe' }), 'ObserveOnly'],
  ])('when %s', (_why, policy, reason) => {
    expect(policyAllows(aSituation({ policy }))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason, hold: false },
    });
  });

  it('but not under a policy in mode Repair', () => {
    expect(policyAllows(aSituation())).toEqual(pass);
  });
});
