import { describe, expect, it } from 'vitest';
import { aRemediation, aRepairReport, isoAt } from '../../../test/support/objects/builders.ts';
import type { RemediationStatus, StepName } from '../../api/remediation.ts';
import { failureOf, isHalting, isPartOf } from './rollout.ts';

const step = (name: StepName) => ({ name, startedAt: isoAt(2) });
const takenBack = (because: 'NeverStarted' | 'Silent') => ({ at: isoAt(60), because, why: 'x', uid: 'job' });
const halts = (status: Partial<RemediationStatus>, acknowledged = false) =>
  isHalting(aRemediation({ acknowledged, status }));
const kubelet = { pidBefore: 10, pidAfter: 10, restarts: 0, active: true };
const untouched = { outcome: 'failed', nodeUnchanged: true } as const;
const begun = [step('Quarantine'), step('Repair')];

describe('an outcome that changed a node, or may have, halts the rollout', () => {
  it.each<[string, Partial<RemediationStatus>]>([
    ['a rollback', { phase: 'RolledBack', reason: 'KubeletDidNotComeUp' }],
    ['a kubelet that does not run', { reason: 'KubeletDown', repair: aRepairReport({ outcome: 'failed' }) }],
    [
      'an undo that failed',
      { reason: 'UndoFailed', repair: aRepairReport({ outcome: 'failed', nodeUnchanged: false }) },
    ],
    [
      'a kubelet that was restarted, although its configuration is as before',
      { repair: aRepairReport({ ...untouched, kubelet: { ...kubelet, restarts: 1 } }) },
    ],
    [
      'a kubelet that stopped without a restart of ours',
      { repair: aRepairReport({ ...untouched, kubelet: { ...kubelet, active: false } }) },
    ],
    ['an agent that may have worked and never reported', { reason: 'NoReport', steps: begun }],
    [
      'a silent agent whose second Job never started',
      { steps: begun, repairTakenBack: [takenBack('Silent'), takenBack('NeverStarted')] },
    ],
    [
      'an agent that never reported, after an attempt whose Job never started',
      {
        reason: 'NoReport',
        steps: begun,
        repairTakenBack: [takenBack('NeverStarted')],
        attempts: [
          { number: 1, startedAt: isoAt(1), endedAt: isoAt(61), reason: 'JobDidNotStart', message: 'x' },
        ],
      },
    ],
    ['a quarantine that timed out while the agent worked', { reason: 'QuarantineTimedOut', steps: begun }],
    ['a proof that failed after the change', { reason: 'ProofTimedOut', repair: aRepairReport() }],
    [
      'a verification that failed, although nothing had to be changed',
      {
        reason: 'VerificationFailed',
        steps: [...begun, step('Verify')],
        repair: aRepairReport({ outcome: 'already-right', nodeUnchanged: true }),
      },
    ],
    [
      'an end after DNS pods were deleted',
      {
        reason: 'QuarantineTimedOut',
        deletedPods: [{ name: 'coredns-1', uid: 'one' }],
        repair: aRepairReport({ outcome: 'already-right', nodeUnchanged: true }),
      },
    ],
  ])('%s', (_what, status) => {
    expect(halts({ phase: 'Failed', ...status })).toBe(true);
  });

  it('but not once it is acknowledged', () => {
    expect(halts({ phase: 'RolledBack' }, true)).toBe(false);
  });
});

describe('an outcome that touched nothing, or left a proven node, does not halt the rollout', () => {
  it.each<[string, Partial<RemediationStatus>]>([
    ['a healed node', { phase: 'Healed', repair: aRepairReport() }],
    ['a refusal', { phase: 'Refused', repair: aRepairReport({ outcome: 'refused', nodeUnchanged: true }) }],
    ['a cancelled incident', { phase: 'Cancelled', reason: 'Recovered' }],
    ['a node that went away', { reason: 'NodeGone', steps: begun }],
    ['a repair that was proven, and whose new DNS pod never ran', { reason: 'NotVerified', steps: begun }],
    ['an image that cannot be pulled, or a node without room', { reason: 'JobDidNotStart', steps: begun }],
    [
      'a quarantine that timed out while the Job could not start',
      { reason: 'QuarantineTimedOut', steps: begun, repairTakenBack: [takenBack('NeverStarted')] },
    ],
    [
      'a quarantine that timed out before there was a Job',
      { reason: 'QuarantineTimedOut', steps: [step('Quarantine')] },
    ],
    ['an agent that failed before it changed anything', { repair: aRepairReport({ ...untouched, kubelet }) }],
    [
      'a proof that failed on a node whose kubelet was right already',
      {
        reason: 'ProofTimedOut',
        repair: aRepairReport({ outcome: 'already-right', nodeUnchanged: true, kubelet }),
      },
    ],
    ['an open incident', { phase: 'Repairing', steps: begun }],
  ])('%s', (_what, status) => {
    expect(halts({ phase: 'Failed', ...status })).toBe(false);
  });
});

describe('a repair belongs to the rollout', () => {
  const workload = { kind: 'Deployment', name: 'coredns' } as const;

  it('of its policy, also after that was given another workload', () => {
    expect(isPartOf(aRemediation(), { policyUID: 'policy-1', workload: { ...workload, name: 'x' } })).toBe(
      true,
    );
  });

  it('of its workload, also under a policy that was deleted and applied again', () => {
    expect(isPartOf(aRemediation(), { policyUID: 'applied-again', workload })).toBe(true);
  });

  it.each([
    { ...workload, kind: 'DaemonSet' as const },
    { ...workload, name: 'other' },
  ])('but not of another policy with another workload', (other) => {
    expect(isPartOf(aRemediation(), { policyUID: 'policy-2', workload: other })).toBe(false);
  });
});

it('what went wrong is said with its node, its outcome and its reason', () => {
  expect(failureOf(aRemediation({ status: { phase: 'RolledBack', reason: 'KubeletDidNotComeUp' } }))).toBe(
    'The repair of node node-1 ended as RolledBack (KubeletDidNotComeUp).',
  );
});
