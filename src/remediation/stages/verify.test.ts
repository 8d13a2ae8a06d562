import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { DnsPodView, World } from '../world.ts';
import { verify } from './verify.ts';

const steps: RemediationStatus['steps'] = [{ name: 'Verify', startedAt: isoAt(8) }];
const answers = [{ protocol: 'udp', name: 'x', result: 'SERVFAIL', ok: false, ms: 1 }] as const;

/** The kubelet was repaired in second 4, verification began in second 8. */
function situation(
  dnsPods: readonly DnsPodView[],
  {
    status = {},
    now = at(20),
    observedSince = at(0),
    world = {},
  }: {
    status?: Partial<RemediationStatus>;
    now?: number;
    observedSince?: number;
    world?: Partial<World>;
  } = {},
) {
  const remediation = aRemediation({
    status: { phase: 'Verifying', repair: aRepairReport(), steps, ...status },
  });
  return aSituation({
    remediation,
    now,
    observedSince,
    world: { dnsPods, remediations: [remediation], ...world },
  });
}
const replacement = (overrides: Partial<DnsPodView> = {}) =>
  aDnsPod({
    name: 'coredns-new',
    uid: 'pod-new',
    node: 'node-1',
    createdAt: at(9),
    startedAt: at(9),
    runningSince: at(10),
    ...overrides,
  });
const asked = (seconds: number, overrides: object = {}): NonNullable<RemediationStatus['verification']> => ({
  pod: 'coredns-new',
  podUID: 'pod-new',
  podIP: '10.244.2.5',
  node: 'node-1',
  containerID: 'containerd://well',
  restartCount: 0,
  lastAttempt: isoAt(seconds),
  answers: [...answers],
  ...overrides,
});
const probe = (uid: string) => ({ kind: 'act', effect: { kind: 'probe', pod: { uid } } });

describe('verification', () => {
  it('is recorded as begun first, because its timeout counts from there', () => {
    expect(verify(situation([], { status: { steps: [] } }))).toMatchObject({
      finding: { kind: 'verification-began' },
    });
  });

  it('waits for a pod, and for its container', () => {
    expect(verify(situation([]))).toMatchObject({ kind: 'wait', reason: 'WaitingForPod' });
    const starting = replacement({ ip: null, containerID: null, runningSince: null });
    expect(verify(situation([starting]))).toMatchObject({ kind: 'wait', reason: 'WaitingForPod' });
  });

  it('passes once the same container has answered for the stable time', () => {
    const stable = asked(14, { firstSuccess: isoAt(11) });
    expect(verify(situation([replacement()], { status: { verification: stable } }))).toEqual({
      kind: 'pass',
    });
    const early = asked(12, { firstSuccess: isoAt(11) });
    expect(
      verify(situation([replacement()], { status: { verification: early }, now: at(12) })),
    ).toMatchObject({
      kind: 'wait',
      reason: 'WaitingForStability',
      recheckMs: 2_000,
    });
  });

  it('asks again soon after a failure, and less often after ten seconds', () => {
    const after = (seconds: number, now: number) =>
      verify(situation([replacement()], { status: { verification: asked(seconds) }, now }));
    expect(after(10, at(10.1))).toMatchObject({ kind: 'wait', recheckMs: 150 });
    expect(after(10, at(10.3))).toMatchObject(probe('pod-new'));
    expect(after(19, at(20))).toMatchObject({ kind: 'wait', recheckMs: 1_000 });
  });
});

describe('the pod that is asked', () => {
  it('is the replacement on the repaired node, rather than one on another node', () => {
    expect(verify(situation([aDnsPod(), replacement()]))).toMatchObject(probe('pod-new'));
  });

  it('is one on another node if there is none on the repaired node', () => {
    expect(verify(situation([replacement({ node: 'node-2' })]))).toMatchObject(probe('pod-new'));
  });

  it('is never one of the repaired node that is older than the repair, or one that was deleted', () => {
    expect(verify(situation([aLoopingPod()]))).toMatchObject({ reason: 'WaitingForPod' });
    const deletedPods = [{ name: 'coredns-new', uid: 'pod-new' }];
    expect(verify(situation([replacement()], { status: { deletedPods } }))).toMatchObject({
      reason: 'WaitingForPod',
    });
  });
});

describe('after the timeout', () => {
  it('the incident fails with what the pod answered, and the node is held', () => {
    const status = { verification: asked(98) };
    expect(verify(situation([replacement()], { status, now: at(99) }))).toMatchObject({
      kind: 'end',
      ending: {
        phase: 'Failed',
        reason: 'VerificationFailed',
        message: 'Pod coredns-new on node-1 did not pass verification: x over UDP: SERVFAIL.',
        hold: true,
      },
    });
  });

  it('a pod that can be asked is asked once more, however late: only then has it failed', () => {
    const late = { now: at(8 + 95) };
    expect(verify(situation([replacement()], late))).toMatchObject(probe('pod-new'));
    expect(
      verify(situation([replacement()], { ...late, status: { verification: asked(97) } })),
    ).toMatchObject(probe('pod-new'));
  });

  it('a pod that answers only now may show that it is stable', () => {
    const status = { verification: asked(102, { firstSuccess: isoAt(102) }) };
    expect(verify(situation([replacement()], { status, now: at(103) }))).toMatchObject({
      reason: 'WaitingForStability',
    });
  });

  it('which does not count the time in which the operator was away', () => {
    const late = { now: at(700), observedSince: at(650) };
    expect(verify(situation([], late))).toMatchObject({ kind: 'wait' });
    const status = { verification: asked(649) };
    expect(verify(situation([replacement()], { ...late, status }))).toMatchObject(probe('pod-new'));
  });

  it('verification passes if the replacement runs on a node with an incident of its own: this node was proven', () => {
    const other = aRemediation({ node: 'node-2' });
    const world = { remediations: [other] };
    expect(verify(situation([replacement({ node: 'node-2' })], { now: at(99), world }))).toEqual({
      kind: 'pass',
    });
  });
});
