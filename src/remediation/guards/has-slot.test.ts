import { describe, expect, it } from 'vitest';
import { aRemediation, aSituation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import { hasSlot } from './has-slot.ts';

const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;
const among = (remediation: Remediation, ...others: readonly Remediation[]) =>
  hasSlot(aSituation({ remediation, world: { remediations: [...others, remediation] } }));

describe('a repair waits', () => {
  it('while another node is under repair', () => {
    const busy = aRemediation({
      node: 'node-2',
      createdAt: at(5),
      status: { phase: 'Repairing', quarantine },
    });
    expect(among(aRemediation(), busy)).toMatchObject({ kind: 'wait', reason: 'OtherNodeUnderRepair' });
  });

  it('while an older claim has not begun: of two, exactly one begins', () => {
    const first = aRemediation({ node: 'node-1', createdAt: at(1) });
    const second = aRemediation({ node: 'node-2', createdAt: at(1) });
    const kinds = [among(first, second), among(second, first)].map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(['pass', 'wait']);
  });

  it('while the canary has not healed, whatever the policy allows', () => {
    const settings = { limits: { maxConcurrent: 5 } };
    const busy = aRemediation({ node: 'node-2', settings, status: { phase: 'Repairing', quarantine } });
    expect(among(aRemediation({ settings }), busy)).toMatchObject({
      kind: 'wait',
      reason: 'OtherNodeUnderRepair',
    });
  });
});

describe('a repair may begin', () => {
  it('on a second node at the same time, once the canary healed and the policy allows two', () => {
    const settings = { limits: { maxConcurrent: 2 } };
    const healed = aRemediation({
      node: 'node-3',
      settings,
      status: { phase: 'Healed', finishedAt: isoAt(-60) },
    });
    const busy = aRemediation({ node: 'node-2', settings, status: { phase: 'Repairing', quarantine } });
    expect(among(aRemediation({ settings }), healed, busy)).toEqual(pass);
  });
});
