import { describe, expect, it } from 'vitest';
import {
  aNode,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import type { World } from '../world.ts';
import { timeLimit } from './time-limit.ts';

/** Held since second 0, under a policy that allows two minutes. */
function held(seconds: number, status: Partial<RemediationStatus> = {}, world: Partial<World> = {}) {
  const remediation = aRemediation({
    settings: { quarantine: { maxSeconds: 120 } },
    status: {
      phase: 'Quarantining',
      quarantine: { strategy: 'Cordon', nodeWasUnschedulable: false, heldSince: isoAt(0) },
      ...status,
    },
  });
  const quarantine = {
    remediation: remediation.name,
    strategy: 'Cordon' as const,
    wasUnschedulable: false,
    since: isoAt(0),
  };
  const node = aNode({ quarantine });
  return aSituation({
    remediation,
    now: at(seconds),
    world: { node, remediations: [remediation], ...world },
  });
}

describe('a node is not held longer than the policy allows', () => {
  it('and before that nothing is cut short', () => {
    expect(timeLimit(held(119))).toEqual({ kind: 'pass' });
  });

  it('also if the Job can never be created: the incident ends, and the node is released', () => {
    const ending = plan(held(120));
    expect(ending).toMatchObject({
      kind: 'end',
      ending: { phase: 'Failed', reason: 'QuarantineTimedOut', hold: false },
    });
    expect(plan(held(121, { phase: 'Failed', finishedAt: isoAt(120) }))).toEqual({
      kind: 'act',
      effect: { kind: 'release' },
    });
  });

  it('to the second, if the operator has seen the incident from its beginning, a moment before the quarantine', () => {
    const fresh = { observedSince: at(-1) };
    expect(timeLimit({ ...held(119), ...fresh })).toEqual({ kind: 'pass' });
    expect(timeLimit({ ...held(120), ...fresh })).toMatchObject({
      kind: 'end',
      ending: { reason: 'QuarantineTimedOut' },
    });
  });

  it('and a Job that has not started is taken back first', () => {
    const repairJob = aRun({ state: 'starting', blockedBy: 'image missing' });
    expect(timeLimit(held(120, {}, { repairJob }))).toEqual({
      kind: 'act',
      effect: { kind: 'take-back-repair', because: 'NeverStarted', why: 'image missing', uid: repairJob.uid },
    });
    const entry = {
      at: isoAt(120),
      because: 'NeverStarted',
      why: 'image missing',
      uid: repairJob.uid,
    } as const;
    const gone = held(121, { repairTakenBack: [entry] });
    expect(plan(gone)).toMatchObject({
      kind: 'record',
      finding: { kind: 'attempt-ended', ending: { reason: 'JobDidNotStart', hold: false } },
    });
  });

  it('also while the agent runs', () => {
    expect(timeLimit(held(120, {}, { repairJob: aRun({ state: 'running' }) })).kind).toBe('end');
  });

  it('and a finished repair is not thrown away: the node is released, then proven', () => {
    const message = JSON.stringify(aRepairReport());
    const repairJob = aRun({ state: 'ended', message });
    expect(plan(held(600, {}, { repairJob }))).toEqual({ kind: 'act', effect: { kind: 'start-repair' } });
    const steps: RemediationStatus['steps'] = [{ name: 'Repair', startedAt: isoAt(1) }];
    expect(plan(held(600, { steps }, { repairJob }))).toMatchObject({
      kind: 'record',
      finding: { kind: 'repair-reported' },
    });

    const read = held(600, { repair: aRepairReport() });
    expect(plan(read)).toEqual({ kind: 'act', effect: { kind: 'release' } });

    const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;
    const released = held(601, { repair: aRepairReport(), quarantine }, { node: aNode() });
    expect(plan(released)).toEqual({ kind: 'act', effect: { kind: 'start-proof' } });
  });

  it('but an operator that was away first has the time of a repair to go on', () => {
    const back = { observedSince: at(900), now: at(1000) };
    expect(timeLimit({ ...held(0), ...back })).toEqual({ kind: 'pass' });
    expect(timeLimit({ ...held(0), ...back, now: at(1051) }).kind).toBe('end');
  });

  it('and an agent that reported a failure is judged by its report', () => {
    const repairReport = aRepairReport({ outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    expect(plan(held(600, { repair: repairReport }))).toMatchObject({
      kind: 'end',
      ending: { phase: 'RolledBack', reason: 'KubeletDidNotComeUp' },
    });
  });

  it('and there is no limit after the release', () => {
    const quarantine = { strategy: 'Cordon', nodeWasUnschedulable: false } as const;
    expect(timeLimit(held(500, { quarantine }))).toEqual({ kind: 'pass' });
  });
});
