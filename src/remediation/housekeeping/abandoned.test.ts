import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, at, isoAt } from '../../../test/support/objects/builders.ts';
import { FINAL_PHASES, PHASES, type Phase } from '../../api/remediation.ts';
import { isHalting } from '../rollout/rollout.ts';
import { afterAbandonment, isAbandoned } from './abandoned.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const now = at(60);
const over = (phase: Phase) => (FINAL_PHASES.includes(phase) ? { finishedAt: isoAt(9) } : {});

describe('the record of an incident without an operator', () => {
  it.each(PHASES)('in phase %s is over afterwards, and holds no node', (phase) => {
    const remediation = aRemediation({
      status: aStatus({ phase, quarantine, hold: 'Restore', ...over(phase) }),
    });
    expect(isAbandoned(remediation)).toBe(true);
    const status = afterAbandonment(remediation, now);
    expect(isAbandoned({ ...remediation, status })).toBe(false);
    expect(status).not.toHaveProperty('hold');
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Quarantined', status: 'False', reason: 'Released' }),
    );
  });

  it('is Cancelled if the repair had not begun, and halts nothing', () => {
    const remediation = aRemediation({ status: aStatus({ phase: 'Pending' }) });
    const status = afterAbandonment(remediation, now);
    expect(status).toMatchObject({ phase: 'Cancelled', reason: 'OperatorGone', finishedAt: isoAt(60) });
    expect(isHalting({ ...remediation, status })).toBe(false);
  });

  it('is Failed once it had begun, and halts further repairs if a Job may have changed the node', () => {
    const begun = aRemediation({ status: aStatus({ phase: 'Quarantining', quarantine }) });
    const status = afterAbandonment(begun, now);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'OperatorGone' });
    expect(isHalting({ ...begun, status })).toBe(false);

    const steps = [{ name: 'Repair' as const, startedAt: isoAt(3) }];
    const repairing = aRemediation({ status: aStatus({ phase: 'Repairing', quarantine, steps }) });
    expect(isHalting({ ...repairing, status: afterAbandonment(repairing, now) })).toBe(true);
  });

  it('keeps its outcome if it has one', () => {
    const failed = { phase: 'Failed', reason: 'VerificationFailed', finishedAt: isoAt(9) } as const;
    const remediation = aRemediation({ status: aStatus({ ...failed, quarantine, hold: 'Held' }) });
    expect(afterAbandonment(remediation, now)).toMatchObject(failed);
  });

  it('is left as it is if it is over and holds nothing, or was written by another version', () => {
    const healed = aRemediation({ status: aStatus({ phase: 'Healed', finishedAt: isoAt(9) }) });
    expect(isAbandoned(healed)).toBe(false);
    const unreadable = { ...aRemediation({ status: aStatus({ phase: 'Repairing' }) }), unreadable: 'x' };
    expect(isAbandoned(unreadable)).toBe(false);
  });
});
