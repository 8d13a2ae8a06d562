import { describe, expect, it } from 'vitest';
import { aDnsPod, aPolicySpec, aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { MAX_WAITING, policyStatusSchema } from '../../api/policy/status.ts';
import type { Phase, RemediationStatus } from '../../api/remediation.ts';
import type { PolicyFacts } from './facts.ts';
import { policyStatus } from './policy-status.ts';

const NOTHING: Pick<PolicyFacts, 'policy' | 'remediations'> = {
  policy: { generation: 3, ...aPolicySpec() },
  remediations: [],
};
const statusOf = (overrides: Partial<PolicyFacts> = {}) =>
  policyStatus({
    ...NOTHING,
    workload: { kind: 'Deployment', name: 'coredns' },
    previous: policyStatusSchema.parse({}),
    conflictsWith: null,
    overlaps: [],
    workloads: [
      { kind: 'Deployment', name: 'coredns', labels: ['k8s-app=kube-dns'], pods: 1, watched: true },
    ],
    otherContainers: [],
    dnsPods: [aDnsPod()],
    loopingPods: [],
    quarantinedNodes: [],
    pauseOfAll: null,
    observations: [],
    asked: null,
    nodes: 'none',
    now: at(0),
    ...overrides,
  });
const condition = (type: string, overrides: Partial<PolicyFacts> = {}) =>
  statusOf(overrides).conditions.find((one) => one.type === type);
/** A record of the node of this number. */
const record = (node: number, phase: Phase, status: Partial<RemediationStatus> = {}) =>
  aRemediation({
    node: `node-${node}`,
    createdAt: at(node),
    status: { phase, reason: 'AsScripted', message: 'x', ...status },
  });
const held = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(0) } as const;

it('every condition names the generation that it reflects', () => {
  expect(statusOf().conditions.map((one) => one.observedGeneration)).toEqual(Array(8).fill(3));
});

describe('a policy is Ready', () => {
  it('whatever DNS does, while it is in force', () => {
    expect(condition('Ready', { dnsPods: [], loopingPods: ['x'] })).toMatchObject({
      status: 'True',
      reason: 'Watching',
    });
    const paused = { ...NOTHING.policy, pause: [{ reason: 'upgrade', by: 'anna' }] };
    expect(condition('Ready', { policy: paused })?.status).toBe('True');
  });

  it('but not without its workload', () => {
    expect(condition('Ready', { workloads: [] })).toMatchObject({
      status: 'False',
      reason: 'WorkloadNotFound',
    });
  });
});

describe('a policy is Progressing', () => {
  it.each<[Phase, Partial<RemediationStatus>, string]>([
    ['Repairing', {}, 'True Repairing'],
    ['Quarantining', { quarantine: held }, 'True Repairing'],
    ['Failed', { quarantine: held }, 'True Repairing'],
    ['RollingBack', {}, 'True Repairing'],
    ['Planning', {}, 'True Planning'],
    ['Quarantining', {}, 'False Idle'],
    ['Pending', {}, 'False Idle'],
    ['AwaitingApproval', {}, 'False Idle'],
    ['Healed', {}, 'False Idle'],
  ])('with a record in the phase %s and %j: %s', (phase, status, expected) => {
    const found = condition('Progressing', { remediations: [record(1, phase, status)] });
    expect(`${found?.status} ${found?.reason}`).toBe(expected);
  });

  it('names the first nodes and the number of the others', () => {
    const remediations = [1, 2, 3, 4, 5, 6, 7].map((node) => record(node, 'Verifying'));
    expect(condition('Progressing', { remediations })?.message).toMatch(/node-1, .*node-5 and 2 more/);
  });
});

describe('a policy is Degraded', () => {
  it.each<Phase>(['Refused'])('while a record that ended as %s is not acknowledged', (phase) => {
    const one = record(1, phase);
    expect(condition('Degraded', { remediations: [one] })).toMatchObject({
      status: 'True',
      reason: 'NeedsAttention',
      message: expect.stringContaining('node-1-incident'),
    });
    const acknowledged = { ...one, acknowledged: true };
    expect(condition('Degraded', { remediations: [acknowledged] })?.status).toBe('False');
  });

  it('not by what a later incident of the same node has shown to be over', () => {
    const old = record(1, 'Refused');
    const later = { ...record(1, 'Healed'), uid: 'later', createdAt: at(100) };
    expect(condition('Degraded', { remediations: [old, later] })?.status).toBe('False');
  });

  it('not by an end that a person asked for', () => {
    const rejected = record(1, 'Refused', { reason: 'Rejected' });
    const undone = record(2, 'RolledBack', { reason: 'RolledBackOnRequest' });
    expect(condition('Degraded', { remediations: [rejected] })?.status).toBe('False');
    expect(condition('Degraded', { remediations: [undone] })?.reason).not.toBe('NeedsAttention');
  });

  it('while it has no effect', () => {
    expect(condition('Degraded', { workloads: [] })).toMatchObject({
      status: 'True',
      reason: 'WorkloadNotFound',
    });
  });
});

describe('a policy is Paused', () => {
  const pausedBy = (...pause: PolicyFacts['policy']['pause']) =>
    condition('Paused', { policy: { ...NOTHING.policy, pause } });

  it('by any entry that is not over, and says who, why and until when', () => {
    expect(pausedBy()).toMatchObject({ status: 'False', reason: 'NotPaused' });
    expect(pausedBy({ reason: 'upgrade', by: 'anna', until: isoAt(-1) })?.status).toBe('False');
    const found = pausedBy(
      { reason: 'upgrade', by: 'anna' },
      { reason: 'audit', by: 'ben', until: isoAt(60) },
    );
    expect(found).toMatchObject({ status: 'True', reason: 'Paused' });
    expect(found?.message).toContain(`anna: upgrade, ben: audit (until ${isoAt(60)})`);
  });

  it('by the pause of all policies', () => {
    const found = condition('Paused', { pauseOfAll: { reason: 'storm', by: 'carla' } });
    expect(found).toMatchObject({ status: 'True', reason: 'AllPoliciesPaused' });
    expect(found?.message).toContain('carla (all policies): storm');
  });
});

it('AwaitingApproval names the plans that wait', () => {
  expect(condition('AwaitingApproval')).toMatchObject({ status: 'False', reason: 'NoPlanWaits' });
  expect(condition('AwaitingApproval', { remediations: [record(1, 'AwaitingApproval')] })).toMatchObject({
    status: 'True',
    message: expect.stringContaining('node-1-incident (node node-1)'),
  });
});

describe('what waits', () => {
  it('is shown with its reason and since when, in the order of its turn', () => {
    const remediations = [
      record(2, 'Pending', { reason: 'Paused', waitingSince: isoAt(7) }),
      record(1, 'AwaitingApproval', { reason: 'AwaitingApproval' }),
      record(3, 'Repairing'),
      aRemediation({ node: 'node-4', status: { phase: 'Pending' } }),
    ];
    const status = statusOf({ remediations });
    expect(status.waiting.map(({ node, reason, since }) => [node, reason, since])).toEqual([
      ['node-1', 'AwaitingApproval', isoAt(1)],
      ['node-2', 'Paused', isoAt(7)],
    ]);
    expect(status.waitingCount).toBe(2);
  });

  it('is counted beyond what is shown, and long messages are cut', () => {
    const message = 'x'.repeat(2_000);
    const many = Array.from({ length: 80 }, (_none, node) => record(node, 'Pending', { message }));
    const status = statusOf({ remediations: many });
    expect([status.waiting.length, status.waitingCount]).toEqual([MAX_WAITING, 80]);
    expect(policyStatusSchema.safeParse(status).success).toBe(true);
  });
});
