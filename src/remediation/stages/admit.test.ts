import { describe, expect, it } from 'vitest';
import { aNode, aRemediation, aSituation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { admit } from './admit.ts';

const notReady = { node: aNode({ ready: false }) };
const admitted = aRemediation({ status: { phase: 'Quarantining' } });

describe('an incident that may begin', () => {
  it('is recorded as admitted before anything is done, and then passes', () => {
    expect(admit(aSituation())).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
    expect(admit(aSituation({ remediation: admitted }))).toEqual(pass);
  });

  it('waits again if something changed before its node was in quarantine', () => {
    expect(admit(aSituation({ remediation: admitted, world: notReady }))).toMatchObject({
      kind: 'wait',
      reason: 'NodeNotReady',
    });
  });

  it('is not asked again once its node is in quarantine, by the record or by the mark on the node', () => {
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
    const mark = {
      remediation: 'node-1-incident',
      strategy: 'Taint',
      wasUnschedulable: false,
      since: isoAt(2),
    } as const;
    const recorded = aRemediation({ status: { phase: 'Quarantining', quarantine } });
    expect(admit(aSituation({ remediation: recorded, world: notReady }))).toEqual(pass);
    const marked = { node: aNode({ ready: false, quarantine: mark }) };
    expect(admit(aSituation({ remediation: admitted, world: marked, now: at(3) }))).toEqual(pass);
  });
});
