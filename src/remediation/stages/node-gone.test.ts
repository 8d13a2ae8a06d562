import { describe, expect, it } from 'vitest';
import { aRemediation, aRepairReport, aSituation, isoAt } from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import { afterEnd } from '../record/status.ts';
import { isHalting } from '../rollout/rollout.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const begun = { name: 'Repair', startedAt: isoAt(3) } as const;

function withoutItsNode(status: Partial<RemediationStatus>) {
  const remediation = aRemediation({ status: { quarantine, steps: [begun], ...status } });
  const verdict = plan(aSituation({ remediation, world: { node: null } }));
  if (verdict.kind !== 'end') return verdict;
  const { phase, reason } = verdict.ending;
  const after = afterEnd(remediation.status, verdict.ending, remediation.spec, 0);
  return { phase, reason, halts: isHalting({ ...remediation, status: after }) };
}

describe('a node that is deleted or replaced during its repair', () => {
  it.each<[string, Partial<RemediationStatus>]>([
    ['while the agent works', { phase: 'Repairing' }],
    ['after the kubelet was restarted', { phase: 'Proving', repair: aRepairReport() }],
    [
      'while the guard watches',
      { phase: 'Verifying', repair: aRepairReport({ watched: false }), quarantine: { ...quarantine } },
    ],
  ])('%s ends the incident, and does not halt the rollout', (_when, status) => {
    expect(withoutItsNode(status)).toEqual({ phase: 'Failed', reason: 'NodeGone', halts: false });
  });

  it('hides no rollback: what the agent reported says something of other nodes', () => {
    const repair = aRepairReport({ outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    expect(withoutItsNode({ phase: 'Repairing', repair })).toEqual({
      phase: 'RolledBack',
      reason: 'KubeletDidNotComeUp',
      halts: true,
    });
  });
});
