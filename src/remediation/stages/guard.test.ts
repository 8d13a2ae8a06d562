import { describe, expect, it } from 'vitest';
import {
  aGuardReport,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import { end, pass, type Verdict, wait } from '../verdict.ts';
import type { AgentRun, GuardRun } from '../world.ts';
import { guardKept, guardTripped, onceGuarded } from './guard.ts';

interface Scene {
  readonly guard?: GuardRun | null;
  readonly job?: Partial<AgentRun> | null;
  readonly status?: object;
  readonly now?: number;
}

/** The agent has handed over at 4 s. */
function situation({
  guard = { state: 'running', message: null },
  job = {},
  status = {},
  now = at(6),
}: Scene = {}) {
  return aSituation({
    now,
    remediation: aRemediation({
      status: {
        phase: 'Verifying',
        steps: [{ name: 'Guard', startedAt: isoAt(4) }],
        repair: aRepairReport({ watched: false }),
        ...status,
      },
    }),
    world: { repairJob: job && aRun({ state: 'ended', message: '{}', guard, ...job }) },
  });
}

const reported = (report = aGuardReport()): GuardRun => ({ state: 'ended', message: JSON.stringify(report) });
const failed = (reason: string) => ({ kind: 'end', ending: { phase: 'Failed', reason, hold: true } });

describe('a guard that reports', () => {
  it('is recorded, whatever the incident is at and however late it is', () => {
    for (const now of [at(6), at(3_000)])
      expect(guardTripped(situation({ guard: reported(), now }))).toEqual({
        kind: 'record',
        finding: { kind: 'guard-reported', report: aGuardReport() },
      });
  });

  it('lets the incident be healed if the kubelet was kept', () => {
    const kept = situation({ status: { guard: aGuardReport() } });
    expect(guardTripped(kept)).toBe(pass);
    expect(guardKept(kept)).toBe(pass);
  });

  it('ends it as rolled back if the kubelet died, and the node is free', () => {
    const guard = aGuardReport({
      outcome: 'rolled-back',
      reason: 'KubeletDidNotComeUp',
      nodeUnchanged: true,
    });
    expect(guardTripped(situation({ status: { guard } }))).toMatchObject({
      kind: 'end',
      ending: { phase: 'RolledBack', reason: 'KubeletDidNotComeUp', hold: false },
    });
  });

  it.each([
    ['its file has its old content and it runs', true, true, false],
    ['its file has the new content', false, true, true],
    ['it does not run', true, false, true],
  ])(
    'ends it as failed; where %3$s, whether the node is held: %4$s',
    (_what, nodeUnchanged, active, hold) => {
      const kubelet = { pidBefore: 10, pidAfter: 20, restarts: 1, active };
      const guard = aGuardReport({
        outcome: 'failed',
        reason: 'WrittenBack',
        nodeUnchanged,
        kubelet,
        advice: 'Look.',
      });
      expect(guardTripped(situation({ status: { guard } }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Failed', reason: 'WrittenBack', advice: 'Look.', hold },
      });
    },
  );

  it('ends it as failed if it found nothing to guard, which contradicts the agent', () => {
    const guard = aGuardReport({ outcome: 'nothing-to-guard' });
    expect(guardTripped(situation({ status: { guard } }))).toMatchObject(failed('GuardLost'));
  });
});

describe('a guard that does not report', () => {
  it.each([
    ['was killed', { guard: { state: 'ended', message: '' } as const }],
    ['reports for another incident', { guard: reported(aGuardReport({ nonce: 'another' })) }],
  ])('ends the incident if it %s', (_what, scene) => {
    expect(guardTripped(situation(scene))).toMatchObject(failed('GuardLost'));
  });

  it.each([
    ['its Job was deleted', { job: null }],
    ['its pod was deleted', { job: { state: 'ended', message: '', guard: null } as const }],
    ['it does not end', { now: at(350) }],
  ])('ends the incident if %s', (_what, scene) => {
    const lost = situation(scene);
    expect(guardTripped(lost)).toBe(pass);
    expect(guardKept(lost)).toMatchObject(failed('GuardLost'));
  });

  it('is waited for while it watches, and for longer if the kubelet is slow', () => {
    expect(guardTripped(situation())).toBe(pass);
    expect(guardKept(situation())).toMatchObject({
      kind: 'wait',
      reason: 'GuardWatching',
      message: `The guard watches the kubelet until ${isoAt(15)}.`,
    });
    expect(guardKept(situation({ now: at(40) }))).toMatchObject({
      reason: 'GuardWatching',
      message: expect.stringContaining('slow'),
    });
  });
});

describe('a repair without a hand-over', () => {
  it.each([
    ['that the agent has watched itself', aRepairReport({ watched: true })],
    ['that changed nothing', aRepairReport({ outcome: 'already-right' })],
    [
      'that was refused because only the pod is old',
      aRepairReport({ outcome: 'refused', reason: 'CurrentIsUsable' }),
    ],
  ])('%s waits for no guard', (_what, repair) => {
    const free = situation({ status: { repair }, guard: { state: 'ended', message: '' } });
    expect(guardTripped(free)).toBe(pass);
    expect(guardKept(free)).toBe(pass);
  });
});

describe('a stage before the guard’s report', () => {
  const ending: Verdict = end({ phase: 'Failed', reason: 'ProofTimedOut', message: 'm', hold: true });

  it('does not end the incident until the guard has reported', () => {
    const stage = onceGuarded(() => ending);
    expect(stage(situation())).toMatchObject({ kind: 'wait', reason: 'GuardWatching' });
    expect(stage(situation({ status: { guard: aGuardReport() } }))).toBe(ending);
    expect(stage(situation({ job: null }))).toMatchObject(failed('GuardLost'));
  });

  it('does everything else as before', () => {
    const waiting = wait('ProofRunning', 'm', 1);
    expect(onceGuarded(() => waiting)(situation())).toBe(waiting);
    expect(onceGuarded(() => pass)(situation())).toBe(pass);
  });
});
