import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import { afterEffect, afterEnd, afterFinding } from '../record/status.ts';
import type { Verdict } from '../verdict.ts';
import type { Remediation, Situation, World } from '../world.ts';
import { retry, tryAgainLater } from './retry.ts';

const heldBy = (remediation: string) => ({
  quarantine: { remediation, strategy: 'Taint', wasUnschedulable: false, since: isoAt(2) } as const,
});
const attempt = (number: number, endedAt: number) => ({
  number,
  startedAt: isoAt(endedAt - 10),
  endedAt: isoAt(endedAt),
  reason: 'TargetSilent',
  message: 'The resolver does not answer.',
});

/** The first attempt ended in second 10, so the next one is due in second 70. */
function between({
  status = {},
  now = at(30),
  world = {},
  policy = aPolicySpec(),
}: {
  status?: Partial<RemediationStatus>;
  now?: number;
  world?: Partial<World>;
  policy?: Situation['policy'];
} = {}): Situation {
  const remediation = aRemediation({
    status: { attempts: [attempt(1, 10)], nextAttempt: isoAt(70), reason: 'AwaitingRetry', ...status },
  });
  return aSituation({ policy, remediation, now, world: { remediations: [remediation], ...world } });
}

describe('between two attempts', () => {
  it('the node is released first, also if only the node or only the status says that it is held', () => {
    const released = { kind: 'act', effect: { kind: 'release' } };
    const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
    expect(retry(between({ world: { node: aNode(heldBy('node-1-incident')) } }))).toEqual(released);
    expect(retry(between({ status: { quarantine } }))).toEqual(released);
  });

  it('the Job of the last attempt is taken back, once', () => {
    const world = { repairJob: aRun({ state: 'ended' }) };
    expect(retry(between({ world }))).toMatchObject({
      kind: 'act',
      effect: { kind: 'take-back-repair', because: 'Retry', uid: 'run-1' },
    });
    const repairTakenBack = [{ at: isoAt(11), because: 'Retry', why: 'x', uid: 'run-1' } as const];
    expect(retry(between({ world, status: { repairTakenBack } }))).toMatchObject({ kind: 'wait' });
  });

  it('the record says what was tried, how it ended and when it is tried again', () => {
    expect(retry(between())).toEqual({
      kind: 'wait',
      reason: 'AwaitingRetry',
      message: `Tried once. The last attempt ended with TargetSilent: The resolver does not answer. The next attempt is due at ${isoAt(70)}, if a repair is still needed.`,
      recheckMs: 40_000,
    });
  });

  it.each<[string, Parameters<typeof between>[0], string]>([
    ['the policy was deleted', { policy: null }, 'PolicyDeleted'],
    ['the policy only observes', { policy: aPolicySpec({ mode: 'Observe' }) }, 'ObserveOnly'],
    ['the node is gone', { world: { node: null } }, 'NodeGone'],
    ['the node is excluded', { world: { node: aNode({ excluded: true }) } }, 'NodeExcluded'],
    ['the pod is gone', { world: { dnsPods: [aDnsPod()] } }, 'PodGone'],
    [
      'the pod has recovered',
      { now: at(60), world: { dnsPods: [aLoopingPod({ ready: true, runningSince: at(20) })] } },
      'Recovered',
    ],
  ])('the incident ends as soon as %s', (_why, given, reason) => {
    expect(retry(between(given))).toMatchObject({ kind: 'end', ending: { phase: 'Cancelled', reason } });
  });

  it('a pod that may have recovered is looked at before the next attempt is due', () => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(20) })];
    expect(retry(between({ world: { dnsPods } }))).toMatchObject({ kind: 'wait', recheckMs: 25_000 });
  });
});

describe('when the next attempt is due', () => {
  it('the Job of the last one must be gone first', () => {
    const world = { repairJob: aRun({ state: 'ended', deleting: true }) };
    expect(retry(between({ now: at(70), world }))).toMatchObject({ kind: 'wait', reason: 'AwaitingRetry' });
  });

  it('an attempt begins like a new incident: the guards are asked, then it is admitted', () => {
    const situation = between({ now: at(70) });
    expect(retry(situation)).toEqual({ kind: 'record', finding: { kind: 'attempt-begins' } });
    const status = afterFinding(situation.remediation.status, { kind: 'attempt-begins' }, at(70));
    expect(status).not.toHaveProperty('nextAttempt');
    const next = (node = aNode()) => {
      const remediation = { ...situation.remediation, status };
      return plan({
        ...situation,
        remediation,
        world: { ...situation.world, node, remediations: [remediation] },
      });
    };
    expect(next()).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
    expect(next(aNode({ ready: false }))).toMatchObject({ kind: 'wait', reason: 'NodeNotReady' });
  });
});

describe('the attempts of a refusal that passes by itself', () => {
  const ending = { phase: 'Refused', reason: 'TargetSilent', message: 'Silent.', hold: false } as const;

  it('follow after 1, 5 and 15 minutes, then hourly, and the last ones are kept', () => {
    let status: RemediationStatus = aRemediation().status;
    const delays = Array.from({ length: 20 }, () => {
      status = afterFinding(status, { kind: 'attempt-ended', ending }, at(0));
      return (Date.parse(status.nextAttempt ?? '') - at(0)) / 60_000;
    });
    expect(delays.slice(0, 6)).toEqual([1, 5, 15, 60, 60, 60]);
    expect(new Set(delays.slice(6))).toEqual(new Set([60]));
    expect(status.attempts).toHaveLength(12);
    expect(status.attempts.at(-1)).toMatchObject({ number: 20, reason: 'TargetSilent', message: 'Silent.' });
    expect(status.message).toContain('Tried 20 times.');
  });

  it('leave nothing of an attempt in the status but its entry, and nothing of the quarantine after the release', () => {
    const during: Partial<RemediationStatus> = {
      phase: 'Repairing',
      steps: [{ name: 'Quarantine', startedAt: isoAt(3), finishedAt: isoAt(3) }],
      quarantine: { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(3) },
      repairDirectory: '/etc/default',
    };
    const ended = afterFinding(
      aRemediation({ status: during }).status,
      { kind: 'attempt-ended', ending: { ...ending, advice: 'Start the resolver.' } },
      at(10),
    );
    expect(ended).toMatchObject({
      phase: 'Pending',
      reason: 'AwaitingRetry',
      advice: 'Start the resolver.',
      attempts: [{ number: 1, startedAt: isoAt(3), endedAt: isoAt(10) }],
      nextAttempt: isoAt(70),
      steps: [],
      quarantine: { heldSince: isoAt(3) },
    });
    expect(ended).not.toHaveProperty('repairDirectory');
    const released = afterEffect(ended, { kind: 'done', effect: { kind: 'release' } }, at(11));
    expect(released).toMatchObject({ phase: 'Pending', nextAttempt: isoAt(70) });
    expect(released).not.toHaveProperty('quarantine');
  });

  it('are over with the incident: no end has a next attempt, or the advice of an attempt', () => {
    const { status, spec } = between({ status: { advice: 'Start the resolver.' } }).remediation;
    const gone = { phase: 'Cancelled', reason: 'PodGone', message: 'Gone.', hold: false } as const;
    const ended = afterEnd(status, gone, spec, at(40));
    expect(ended).not.toHaveProperty('nextAttempt');
    expect(ended).not.toHaveProperty('advice');
    expect(ended.attempts).toHaveLength(1);
  });
});

describe('an end', () => {
  const ended = (
    phase: 'Refused' | 'Failed' | 'RolledBack' | 'Cancelled',
    reason: string,
    hold = false,
  ): Verdict => tryAgainLater({ kind: 'end', ending: { phase, reason, message: 'x', hold } }, aSituation());

  it.each([
    'TargetSilent',
    'TargetEmpty',
    'TargetMissing',
    'Locked',
    'UnitBusy',
    'RestartLoop',
    'PendingChanges',
    'NoSpace',
  ])('Refused/%s is tried again', (reason) => {
    expect(ended('Refused', reason)).toMatchObject({ kind: 'record', finding: { kind: 'attempt-ended' } });
  });

  it.each(['JobDidNotStart', 'Interrupted'])(
    'Failed/%s is tried again while the node is as it was',
    (reason) => {
      expect(ended('Failed', reason)).toMatchObject({ kind: 'record', finding: { kind: 'attempt-ended' } });
      expect(ended('Failed', reason, true)).toMatchObject({ kind: 'end' });
    },
  );

  it('is final once the agent has changed the node, whatever its reason', () => {
    const remediation = aRemediation({ status: { repair: aRepairReport() } });
    const ending = { phase: 'Failed', reason: 'Interrupted', message: 'x', hold: false } as const;
    expect(tryAgainLater({ kind: 'end', ending }, aSituation({ remediation }))).toMatchObject({
      kind: 'end',
    });
  });

  it.each([
    ['Refused', 'TargetLoops'],
    ['Refused', 'UnknownLayout'],
    ['Refused', 'a reason of a newer agent'],
    ['Failed', 'KubeletDown'],
    ['Failed', 'NodeGone'],
    ['RolledBack', 'KubeletDidNotComeUp'],
    ['Cancelled', 'Recovered'],
  ] as const)('%s/%s is final', (phase, reason) => {
    expect(ended(phase, reason)).toMatchObject({ kind: 'end' });
  });
});

/** The hour in which an attempt must begin counts from when it was due, not from the claim. */
it('hourly attempts are not cut off by the hour after which an incident that cannot begin is cancelled', () => {
  const remediation: Remediation = aRemediation({ status: { attempts: [attempt(7, 20_000)] } });
  const begun = (now: number) =>
    plan(aSituation({ remediation, now, world: { remediations: [remediation] } }));
  expect(begun(at(23_601))).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
  expect(begun(at(27_201))).toMatchObject({ kind: 'end', ending: { reason: 'WaitedTooLong' } });
});
