/** Which changes are told, and that only changes are. */
import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, isoAt } from '../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { breakerNotices } from './of-policy.ts';
import { noticesBetween } from './of-record.ts';

const record = aRemediation();
const told = (before: Partial<RemediationStatus>, after: Partial<RemediationStatus>) =>
  noticesBetween(aStatus(before), aStatus(after), record);
const held = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(3) } as const;
const plan: NonNullable<RemediationStatus['plan']> = {
  hash: 'a'.repeat(64),
  number: 1,
  madeAt: isoAt(4),
  expiresAt: isoAt(86_404),
  changes: 'Kubelet',
  restarts: ['kubelet.service'],
  recreates: [],
  agentImage: 'agent:1',
  madeFor: { bootID: '3b2e5a7c' },
  summary: 'Sets resolvConf and restarts the kubelet.',
};

describe('of a remediation is told', () => {
  it('that its node is in quarantine, with the time', () => {
    expect(told({ phase: 'Pending' }, { phase: 'Repairing', quarantine: held })).toMatchObject([
      {
        id: `${record.uid}/Quarantined`,
        event: 'Quarantined',
        severity: 'info',
        at: isoAt(3),
        node: 'node-1',
        policy: { name: 'coredns' },
        remediation: { name: record.name, trigger: 'Crash', phase: 'Repairing' },
      },
    ]);
  });

  it('not that a quarantine was put back after a failure: its end was told', () => {
    const failed = { phase: 'Failed', finishedAt: isoAt(9) } as const;
    expect(told({ ...failed, hold: 'Restore' }, { ...failed, hold: 'Held', quarantine: held })).toEqual([]);
  });

  it('that a plan waits for approval, until when, and how it is answered', () => {
    const [notice] = told({ phase: 'Planning' }, { phase: 'AwaitingApproval', plan });
    expect(notice).toMatchObject({
      event: 'ApprovalWanted',
      severity: 'warning',
      text: plan.summary,
      plan: { hash: plan.hash, expiresAt: plan.expiresAt },
    });
    expect(notice?.title).toContain(plan.expiresAt);
    expect(notice?.advice).toContain(`kubectl dnshealth approve ${record.name}`);
  });

  it('again when the plan was made again, and not while the same one waits', () => {
    const waiting = { phase: 'AwaitingApproval' as const, plan };
    const second = { ...plan, number: 2, hash: 'b'.repeat(64) };
    expect(told(waiting, { ...waiting, message: 'still waiting' })).toEqual([]);
    const [again] = told(waiting, { phase: 'AwaitingApproval', plan: second });
    expect(again?.id).toBe(`${record.uid}/ApprovalWanted/${second.hash}`);
  });

  it.each([
    ['Healed', 'Verified', 'info'],
    ['Planned', 'Planned', 'info'],
    ['Cancelled', 'ObserveOnly', 'info'],
    ['Superseded', 'Superseded', 'info'],
    ['Refused', 'TargetLoops', 'warning'],
    ['Refused', 'Rejected', 'info'],
    ['RolledBack', 'KubeletFailed', 'warning'],
    ['RolledBack', 'RolledBackOnRequest', 'info'],
    ['Failed', 'VerificationFailed', 'warning'],
    ['Expired', 'NotApproved', 'warning'],
  ] as const)('its end as %s (%s), with severity %s', (phase, reason, severity) => {
    const end = { phase, reason, message: 'Why.', advice: 'Do this.', finishedAt: isoAt(9) };
    expect(told({ phase: 'Verifying' }, end)).toMatchObject([
      {
        id: `${record.uid}/${phase}`,
        event: phase,
        severity,
        text: 'Why.',
        advice: 'Do this.',
        at: isoAt(9),
      },
    ]);
    expect(told(end, end)).toEqual([]);
  });

  it('nothing of steps that change nothing for anyone', () => {
    expect(told({ phase: 'Repairing' }, { phase: 'Proving' })).toEqual([]);
    expect(told({ phase: 'Pending' }, { phase: 'Pending', reason: 'NoFreeSlot' })).toEqual([]);
  });
});

describe('of a policy is told', () => {
  const policy = { name: 'coredns', uid: 'policy-1' };
  const breaker = (status: 'True' | 'False', seconds: number) => ({
    conditions: [
      {
        type: 'BreakerOpen',
        status,
        reason: 'Failures',
        message: '1 of 1 repairs failed.',
        lastTransitionTime: isoAt(seconds),
      },
    ],
  });

  it('that its breaker opened, each time', () => {
    expect(breakerNotices(policy, { conditions: [] }, breaker('True', 5))).toMatchObject([
      { id: `policy-1/BreakerOpened/${isoAt(5)}`, event: 'BreakerOpened', text: '1 of 1 repairs failed.' },
    ]);
    expect(breakerNotices(policy, breaker('False', 9), breaker('True', 12))[0]?.id).toContain(isoAt(12));
  });

  it('not that it is still open, or closed', () => {
    expect(breakerNotices(policy, breaker('True', 5), breaker('True', 5))).toEqual([]);
    expect(breakerNotices(policy, breaker('True', 5), breaker('False', 9))).toEqual([]);
    expect(breakerNotices(policy, { conditions: [] }, { conditions: [] })).toEqual([]);
  });
});
