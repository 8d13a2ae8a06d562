import { describe, expect, it } from 'vitest';
import {
  aGuardReport,
  aLoopingPod,
  aProofReport,
  aRemediation,
  aRepairReport,
  aStatus,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { Answer } from '../../api/answer.ts';
import { type RemediationStatus, remediationStatusSchema } from '../../api/remediation.ts';
import type { Ending, PlainEffect } from '../verdict.ts';
import { withCondition } from './conditions.ts';
import { afterEffect, afterEnd, afterFinding, whileWaiting } from './status.ts';
import { beginStep, finishStep } from './steps.ts';

const record = (strategy: 'Cordon' | 'Taint' = 'Cordon', wasUnschedulable = false) => ({
  remediation: 'node-1-incident',
  strategy,
  wasUnschedulable,
  since: isoAt(2),
});
const quarantined = (status: RemediationStatus = aStatus(), seconds = 2) =>
  afterEffect(status, { kind: 'quarantined', record: record() }, at(seconds));
const released = (status: RemediationStatus, seconds: number) =>
  afterEffect(status, { kind: 'done', effect: { kind: 'release' } }, at(seconds));
const step = (status: RemediationStatus, name: string) => status.steps.find((one) => one.name === name);
const condition = (status: RemediationStatus, type: string) =>
  status.conditions.find((one) => one.type === type);

describe('a condition', () => {
  const before = withCondition(aStatus(), 'Quarantined', 'True', 'Cordon', 'cordoned', at(1));

  it('keeps the time of its transition while its status stays, whatever reason it has', () => {
    const after = withCondition(before, 'Quarantined', 'True', 'Taint', 'tainted', at(9));
    expect(after.conditions).toEqual([
      {
        type: 'Quarantined',
        status: 'True',
        reason: 'Taint',
        message: 'tainted',
        lastTransitionTime: isoAt(1),
      },
    ]);
  });

  it('gets a new time when its status changes, and leaves other conditions unchanged', () => {
    const others = withCondition(before, 'TheirOwn', 'Unknown', 'Theirs', '', at(2));
    const after = withCondition(others, 'Quarantined', 'False', 'Released', '', at(9));
    expect(condition(after, 'Quarantined')).toMatchObject({ status: 'False', lastTransitionTime: isoAt(9) });
    expect(condition(after, 'TheirOwn')).toEqual(condition(others, 'TheirOwn'));
  });

  it('always has a reason: the API refuses an empty one', () => {
    expect(withCondition(aStatus(), 'X', 'False', '', '', at(0)).conditions[0]?.reason).toBe('Unknown');
  });
});

describe('a step', () => {
  it('keeps its first start and its first end when it is recorded again', () => {
    const begun = beginStep(beginStep(aStatus(), 'Repair', at(1)), 'Repair', at(5));
    const done = finishStep(finishStep(begun, 'Repair', at(6), 'done'), 'Repair', at(9), 'done again');
    expect(done.steps).toEqual([
      { name: 'Repair', startedAt: isoAt(1), finishedAt: isoAt(6), message: 'done' },
    ]);
  });

  it('that never began cannot finish', () => {
    expect(finishStep(aStatus(), 'Verify', at(1), 'x').steps).toEqual([]);
  });
});

describe('the record of an incident', () => {
  it('has the previous state of the node once it is quarantined, and no reason to wait any more', () => {
    const waiting = aStatus({ reason: 'OtherNodeUnderRepair', message: 'waits' });
    const status = afterEffect(waiting, { kind: 'quarantined', record: record('Taint', true) }, at(2));
    expect(status).toMatchObject({
      phase: 'Quarantining',
      quarantine: { strategy: 'Taint', nodeWasUnschedulable: true, heldSince: isoAt(2) },
    });
    expect(status).not.toHaveProperty('reason');
    expect(condition(status, 'Quarantined')).toMatchObject({ status: 'True', reason: 'Taint' });
    expect(step(status, 'Quarantine')).toMatchObject({ startedAt: isoAt(2), finishedAt: isoAt(2) });
  });

  it('goes from quarantine to healed in a straight line, each step with its times', () => {
    const { spec } = aRemediation();
    const pod = {
      ...aLoopingPod({ runningSince: at(9) }),
      ip: '10.244.1.9',
      containerID: 'containerd://new',
    };
    const answers: Answer[] = [{ protocol: 'udp', name: 'x', result: 'NXDOMAIN', ok: true, ms: 1 }];
    const probe = { kind: 'probed', pod, answers } as const;

    let status = quarantined();
    status = afterEffect(status, { kind: 'repair-started', before: { pod, answers } }, at(3));
    status = afterFinding(status, { kind: 'repair-reported', report: aRepairReport() }, at(5));
    status = afterEffect(status, { kind: 'done', effect: { kind: 'start-proof' } }, at(5.5));
    status = afterFinding(status, { kind: 'proof-reported', report: aProofReport() }, at(7));
    status = released(status, 7.5);
    const pods = [{ name: 'coredns-sick', uid: 'pod-sick' }];
    status = afterEffect(status, { kind: 'done', effect: { kind: 'recreate', pods } }, at(8));
    status = afterFinding(status, { kind: 'verification-began' }, at(8.2));
    status = afterEffect(status, probe, at(10));
    status = afterEffect(status, probe, at(13));
    const ending: Ending = { phase: 'Healed', reason: 'Verified', message: 'DNS answers.', hold: false };
    status = afterEnd(status, ending, spec, at(13.4));

    expect(status.steps.map(({ name, startedAt, finishedAt }) => [name, startedAt, finishedAt])).toEqual([
      ['Quarantine', isoAt(2), isoAt(2)],
      ['Repair', isoAt(3), isoAt(5)],
      ['Prove', isoAt(5.5), isoAt(7)],
      ['Release', isoAt(7.5), isoAt(7.5)],
      ['Recreate', isoAt(8), isoAt(8)],
      ['Verify', isoAt(8.2), isoAt(13.4)],
    ]);
    expect(status).toMatchObject({
      phase: 'Healed',
      finishedAt: isoAt(13.4),
      took: '13s',
      before: { pod: 'coredns-sick', node: 'node-1', askedAt: isoAt(3), answers },
      deletedPods: pods,
      verification: { firstSuccess: isoAt(10), lastAttempt: isoAt(13) },
    });
    expect(status.quarantine).not.toHaveProperty('heldSince');
    expect(status.conditions.map(({ type, status: state }) => `${type}=${state}`).toSorted()).toEqual([
      'Proven=True',
      'Quarantined=False',
      'Repaired=True',
      'Verified=True',
    ]);
    expect(remediationStatusSchema.parse(status)).toEqual(status);
  });

  it('has the guard as a step from the hand-over to its report, which may come after the verification', () => {
    const report = aRepairReport({ watched: false });
    let status = afterFinding(aStatus(), { kind: 'repair-reported', report }, at(5));
    status = afterFinding(status, { kind: 'verification-began' }, at(8));
    status = afterFinding(status, { kind: 'verified', message: 'DNS answers.' }, at(12));
    status = afterFinding(status, { kind: 'guard-reported', report: aGuardReport() }, at(15));
    expect(status.steps.map(({ name, startedAt, finishedAt }) => [name, startedAt, finishedAt])).toEqual([
      ['Guard', isoAt(5), isoAt(15)],
      ['Verify', isoAt(8), isoAt(12)],
    ]);
    const ending: Ending = { phase: 'Healed', reason: 'Verified', message: 'DNS answers.', hold: false };
    const { spec } = aRemediation();
    expect(afterEnd(status, ending, spec, at(15.1)).steps.at(-1)?.finishedAt).toBe(isoAt(12));
    expect(status.conditions).toMatchObject([
      { type: 'Repaired', status: 'True' },
      { type: 'Verified', status: 'True' },
    ]);
  });

  it('has no guard as a step if the agent has watched the kubelet itself', () => {
    const report = aRepairReport({ watched: true });
    expect(afterFinding(aStatus(), { kind: 'repair-reported', report }, at(5)).steps).toEqual([]);
  });

  it('is not repaired any more after a guard that had to undo the change', () => {
    const report = aGuardReport({
      outcome: 'rolled-back',
      reason: 'KubeletDidNotComeUp',
      message: 'It died.',
    });
    let status = afterFinding(aStatus(), { kind: 'repair-reported', report: aRepairReport() }, at(5));
    status = afterFinding(status, { kind: 'guard-reported', report }, at(9));
    expect(status.conditions).toMatchObject([
      { type: 'Repaired', status: 'False', reason: 'KubeletDidNotComeUp', message: 'It died.' },
    ]);
  });

  it('restarts the stability window for another container or a restarted one', () => {
    const pod = { ...aLoopingPod(), ip: '10.244.1.9', containerID: 'containerd://a', restartCount: 0 };
    const answers: Answer[] = [{ protocol: 'udp', name: 'x', result: 'NXDOMAIN', ok: true, ms: 1 }];
    const probed = (status: RemediationStatus, change: object, seconds: number, ok = true) =>
      afterEffect(
        status,
        {
          kind: 'probed',
          pod: { ...pod, ...change },
          answers: answers.map((answer) => ({ ...answer, ok })),
        },
        at(seconds),
      );
    const first = probed(aStatus(), {}, 1);
    expect(probed(first, {}, 4).verification?.firstSuccess).toBe(isoAt(1));
    for (const change of [{ containerID: 'containerd://b' }, { restartCount: 1 }, { uid: 'another-pod' }])
      expect(probed(first, change, 4).verification?.firstSuccess).toBe(isoAt(4));
    const failed = probed(first, {}, 4, false);
    expect(failed.verification).not.toHaveProperty('firstSuccess');
    expect(probed(failed, {}, 5).verification?.firstSuccess).toBe(isoAt(5));
  });

  it('counts what failed before the change as passed, but no other failure', () => {
    const pod = { ...aLoopingPod(), ip: '10.244.1.9', containerID: 'containerd://a' };
    const answer = { protocol: 'udp', name: 'x', result: 'SERVFAIL', ok: false, ms: 1 } as const;
    const external: Answer = { ...answer, scope: 'External' };
    const cluster: Answer = { ...answer, scope: 'Cluster', result: '10.96.0.1', ok: true };
    const probed = (status: RemediationStatus, answers: readonly Answer[]) =>
      afterEffect(status, { kind: 'probed', pod, answers }, at(9)).verification?.firstSuccess;
    const before = { pod: 'coredns-well', node: 'node-2', askedAt: isoAt(3), answers: [cluster, external] };
    expect(probed(aStatus({ before }), [cluster, external])).toBe(isoAt(9));
    expect(probed(aStatus(), [cluster, external])).toBeUndefined();
    expect(probed(aStatus({ before }), [{ ...cluster, ok: false }, external])).toBeUndefined();
  });

  it('keeps the first answers from before the change: a second start may follow it', () => {
    const pod = { ...aLoopingPod(), ip: '10.244.1.9', containerID: 'containerd://a' };
    const first = afterEffect(aStatus(), { kind: 'repair-started', before: { pod, answers: [] } }, at(3));
    const second = afterEffect(first, { kind: 'repair-started', before: { pod, answers: [] } }, at(9));
    expect(second.before).toEqual(first.before);
  });

  it('does not count an empty list of answers as success', () => {
    const pod = { ...aLoopingPod(), ip: '10.244.1.9', containerID: 'containerd://a' };
    const status = afterEffect(aStatus(), { kind: 'probed', pod, answers: [] }, at(1));
    expect(status.verification).not.toHaveProperty('firstSuccess');
  });

  it('has when and why each Job was taken back, and the directory that the next one may write in', () => {
    const takeBack = { kind: 'take-back-repair', why: 'because', uid: 'job-1' } as const;
    const first = afterEffect(
      quarantined(),
      { kind: 'done', effect: { ...takeBack, because: 'Elsewhere', directory: '/etc/default' } },
      at(4),
    );
    const second = { ...takeBack, because: 'Silent', uid: 'job-2' } as const;
    expect(afterEffect(first, { kind: 'done', effect: second }, at(63))).toMatchObject({
      repairDirectory: '/etc/default',
      repairTakenBack: [
        { at: isoAt(4), because: 'Elsewhere', why: 'because', uid: 'job-1' },
        { at: isoAt(63), because: 'Silent', why: 'because', uid: 'job-2' },
      ],
    });
  });
});

describe('the phase', () => {
  it('is that of the step that began last', () => {
    const done = (status: RemediationStatus, effect: PlainEffect) =>
      afterEffect(status, { kind: 'done', effect }, at(3));
    const states = [quarantined()];
    const follow = (next: (status: RemediationStatus) => RemediationStatus) =>
      states.push(next(states.at(-1) ?? aStatus()));
    follow((status) => afterEffect(status, { kind: 'repair-started', before: null }, at(3)));
    for (const effect of [
      { kind: 'start-proof' },
      { kind: 'release' },
      { kind: 'recreate', pods: [] },
    ] as const)
      follow((status) => done(status, effect));
    follow((status) => afterFinding(status, { kind: 'verification-began' }, at(4)));
    expect(states.map(({ phase }) => phase)).toEqual([
      'Quarantining',
      'Repairing',
      'Proving',
      'Releasing',
      'Recreating',
      'Verifying',
    ]);
    expect(states.at(-1)?.steps.at(-1)).toEqual({ name: 'Verify', startedAt: isoAt(4) });
  });
});

describe('an end that has to be acknowledged', () => {
  const ending: Ending = { phase: 'Failed', reason: 'NoReport', message: 'x', advice: 'look', hold: true };
  const { spec } = aRemediation();

  it('keeps the quarantine of a node that is held', () => {
    expect(afterEnd(quarantined(), ending, spec, at(60))).toMatchObject({ hold: 'Held', advice: 'look' });
  });

  it('asks for a new quarantine of a node that was released, and is Held once that is set', () => {
    const over = afterEnd(released(quarantined(), 20), ending, spec, at(60));
    expect(over.hold).toBe('Restore');
    const again = quarantined(over, 61);
    expect(again).toMatchObject({ phase: 'Failed', hold: 'Held', quarantine: { heldSince: isoAt(61) } });
    const releasedAgain = released(again, 500);
    expect(releasedAgain).toMatchObject({ phase: 'Failed', reason: 'NoReport', finishedAt: isoAt(60) });
    expect(releasedAgain.quarantine).not.toHaveProperty('heldSince');
  });
});

describe('while it waits', () => {
  it('a Pending incident has the reason, and the same reason twice changes nothing', () => {
    const waiting = whileWaiting(aStatus(), 'NodeNotReady', 'not Ready', at(2));
    expect(waiting).toMatchObject({ reason: 'NodeNotReady', message: 'not Ready' });
    expect(whileWaiting(waiting, 'NodeNotReady', 'not Ready', at(3))).toBe(waiting);
  });

  it('an incident that has begun has the reason only once its step takes longer than five seconds', () => {
    const status = aStatus({ phase: 'Repairing', steps: [{ name: 'Repair', startedAt: isoAt(3) }] });
    expect(whileWaiting(status, 'AgentRunning', 'works', at(8))).toBe(status);
    const waiting = whileWaiting(status, 'AgentRunning', 'works', at(9));
    expect(waiting).toMatchObject({ phase: 'Repairing', reason: 'AgentRunning', message: 'works' });
    expect(whileWaiting(waiting, 'AgentRunning', 'works', at(14))).toBe(waiting);
  });

  it('says since when: another message of the same reason is the same wait', () => {
    const first = whileWaiting(aStatus(), 'NodeNotReady', 'x', at(10));
    expect(first.waitingSince).toBe(isoAt(10));
    const later = whileWaiting(first, 'NodeNotReady', 'still x', at(20));
    expect(later).toMatchObject({ message: 'still x', waitingSince: isoAt(10) });
    expect(whileWaiting(later, 'Paused', 'y', at(30)).waitingSince).toBe(isoAt(30));
    expect(whileWaiting(later, 'NodeNotReady', 'still x', at(40))).toBe(later);
  });

  it('ends once it was admitted, or is over', () => {
    const waiting = whileWaiting(aStatus(), 'NodeNotReady', 'x', at(10));
    const admitted = afterFinding(waiting, { kind: 'admitted' }, at(20));
    expect(admitted).not.toHaveProperty('waitingSince');
    const ending = { phase: 'Cancelled', reason: 'PodGone', message: 'x', hold: false } as const;
    expect(afterEnd(waiting, ending, aRemediation().spec, at(20))).not.toHaveProperty('waitingSince');
    const effect = { kind: 'stand-back', reason: 'LastServingPod', message: 'x' } as const;
    const stoodBack = afterEffect(admitted, { kind: 'done', effect }, at(30));
    expect(stoodBack).toMatchObject({ phase: 'Pending', waitingSince: isoAt(30) });
  });

  it('the reason of an outcome stays', () => {
    const steps: RemediationStatus['steps'] = [{ name: 'Verify', startedAt: isoAt(3) }];
    const over = aStatus({ phase: 'Failed', reason: 'VerificationFailed', steps, finishedAt: isoAt(9) });
    expect(whileWaiting(over, 'AwaitingAcknowledgement', 'held', at(60))).toBe(over);
  });
});
