import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
  SICK_POD,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { pass } from '../verdict.ts';
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
    const verification = asked(14, { firstSuccess: isoAt(11) });
    expect(verify(situation([replacement()], { status: { verification } }))).toMatchObject({
      kind: 'record',
      finding: { kind: 'verified', message: expect.stringContaining('answers over UDP and TCP') },
    });
    const recorded = {
      verification,
      steps: [{ name: 'Verify', startedAt: isoAt(8), finishedAt: isoAt(14) }],
    };
    expect(verify(situation([replacement()], { status: recorded as Partial<RemediationStatus> }))).toEqual({
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

describe('while it waits, it says for which pod, on which node', () => {
  const message = (pods: readonly DnsPodView[], options: Parameters<typeof situation>[1] = {}) =>
    Object(verify(situation(pods, options))).message;
  const starting = { ip: null, containerID: null, runningSince: null, startedAt: null };

  it.each<[string, readonly DnsPodView[], string]>([
    ['that starts', [replacement(starting)], 'Pod coredns-new on node-1 is not running yet.'],
    [
      'that crashed',
      [replacement({ runningSince: null, restartCount: 2 })],
      'Pod coredns-new on node-1 is not running: its container was restarted 2 times.',
    ],
    [
      'that is Pending',
      [replacement({ ...starting, node: '' })],
      'Pod coredns-new is not scheduled to a node yet.',
    ],
  ])('one %s', (_what, pods, expected) => {
    expect(message(pods)).toBe(expected);
  });

  it('one that is Pending because someone else cordoned the node', () => {
    const world = { node: aNode({ unschedulable: true }) };
    expect(message([replacement({ ...starting, node: '' })], { world })).toBe(
      'Pod coredns-new is not scheduled to a node yet. Node node-1 is cordoned: `kubectl uncordon node-1` lets the pod run there.',
    );
  });

  it('one that did not answer, with what it answered', () => {
    expect(message([replacement()], { status: { verification: asked(19) } })).toBe(
      'Pod coredns-new on node-1 will be asked again: x over UDP: SERVFAIL.',
    );
  });

  it('one that our restart made unready, beside the one that passed', () => {
    const stable = asked(14, { firstSuccess: isoAt(11) });
    const status = {
      verification: stable,
      steps: [{ name: 'Repair', startedAt: isoAt(3), finishedAt: isoAt(6) } as const, ...steps],
    };
    const served = aDnsPod({ name: 'coredns-served', uid: 'pod-served', node: 'node-1', ready: false });
    expect(message([replacement(), served], { status, now: at(14) })).toBe(
      'Pod coredns-served on node-1 ran through the restart of the kubelet and is not Ready again yet.',
    );
    expect(
      verify(situation([replacement(), { ...served, ready: true }], { status, now: at(15) })),
    ).toMatchObject({ kind: 'record', finding: { kind: 'verified' } });
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

  it('a pod that started only just before has ten seconds, unless it crashed or its clock is ahead', () => {
    const options = { now: at(104), status: { verification: asked(103.9) } };
    const since = (seconds: number, more: Partial<DnsPodView> = {}) =>
      verify(situation([replacement({ runningSince: at(seconds), ...more })], options)).kind;
    expect(since(95)).toBe('wait');
    expect(since(94)).toBe('end');
    expect(since(95, { restartCount: 1 })).toBe('end');
    expect(since(200)).toBe('end');
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

  it('a pod that never ran has not failed: the node is released, whichever pod it is', () => {
    const pending = replacement({
      node: '',
      ip: null,
      containerID: null,
      startedAt: null,
      runningSince: null,
    });
    for (const pods of [[], [pending]])
      expect(verify(situation(pods, { now: at(99) }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Failed', reason: 'NotVerified', hold: false },
      });
  });

  it('names the workload in its advice if there is no pod to name', () => {
    expect(verify(situation([], { now: at(99) }))).toMatchObject({
      ending: {
        advice:
          'The repair stays on the node. Find out why the DNS pod does not run: `kubectl -n kube-system describe deployment coredns`.',
      },
    });
  });

  it('a pod that crashes each time has failed, although it was never asked', () => {
    const crashing = replacement({ runningSince: null, restartCount: 4 });
    expect(verify(situation([crashing], { now: at(99) }))).toMatchObject({
      ending: { reason: 'VerificationFailed', hold: true },
    });
  });

  it('a pod with the resolv.conf from before does not convict the repair', () => {
    const recovered = aLoopingPod({ ready: true, runningSince: at(-60) });
    const status = { verification: asked(98, { podUID: 'pod-sick' }) };
    expect(verify(situation([recovered], { status, now: at(99) }))).toMatchObject({
      ending: {
        reason: 'NotVerified',
        hold: false,
        message:
          'The kubelet was repaired. Pod coredns-sick on node-1 serves with the resolv.conf from before, and did not pass verification: x over UDP: SERVFAIL.',
      },
    });
  });

  it('verification passes if the replacement runs on a node with an incident of its own: this node was proven', () => {
    const other = aRemediation({ node: 'node-2' });
    const world = { remediations: [other] };
    const pods = [replacement({ node: 'node-2' })];
    expect(verify(situation(pods, { now: at(99), world }))).toEqual({ kind: 'pass' });
    // Until then it may still answer.
    expect(verify(situation(pods, { world }))).toMatchObject(probe('pod-new'));
  });

  it('which is known at once if that incident is about this very pod', () => {
    const other = aRemediation({ node: 'node-2' });
    const world = { remediations: [other] };
    const looping = replacement({ uid: SICK_POD.uid, node: 'node-2', runningSince: null });
    expect(verify(situation([looping], { world }))).toEqual({ kind: 'pass' });
  });
});

describe('a node that was found wrong before it had a DNS pod', () => {
  const drift = (dnsPods: readonly DnsPodView[]) => {
    const { remediation, ...rest } = situation(dnsPods, { status: { steps: [] } });
    return verify({ ...rest, remediation: withDrift(remediation) });
  };

  it('is verified by the proof pod alone: nothing is waited for', () => {
    expect(drift([aDnsPod({ node: 'node-2' })])).toBe(pass);
  });

  it('is verified by its DNS pod if it has one', () => {
    expect(drift([replacement()])).toEqual({ kind: 'record', finding: { kind: 'verification-began' } });
  });
});
