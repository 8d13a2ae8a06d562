import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aRemediation,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import { afterEffect } from '../record/status.ts';
import { pass } from '../verdict.ts';
import type { AgentRun, DnsPodView } from '../world.ts';
import { lastLook } from './last-look.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const done = { name: 'Quarantine', startedAt: isoAt(2), finishedAt: isoAt(2) } as const;
const repairBegun = [done, { name: 'Repair', startedAt: isoAt(3) } as const];
const here = aDnsPod({ name: 'coredns-here', uid: 'here', node: 'node-1' });
const survives = [aLoopingPod(), here, aDnsPod()];
const dies = [aLoopingPod(), here];
const starting = aRun({ state: 'starting' });
const takenBack = {
  at: isoAt(4),
  because: 'LastServingPod',
  why: 'No other pod.',
  uid: starting.uid,
} as const;

function look(
  dnsPods: readonly DnsPodView[],
  repairJob: AgentRun | null,
  status: Partial<RemediationStatus> = {},
) {
  return lastLook(situationOf(dnsPods, repairJob, status, 5));
}

function situationOf(
  dnsPods: readonly DnsPodView[],
  repairJob: AgentRun | null,
  status: Partial<RemediationStatus>,
  seconds: number,
) {
  const remediation = aRemediation({
    status: { phase: 'Repairing', quarantine, steps: [done], ...status },
  });
  return aSituation({ remediation, now: at(seconds), world: { repairJob, dnsPods } });
}

describe('while another DNS pod serves', () => {
  it('the Job is started, and runs', () => {
    expect(look(survives, null)).toEqual(pass);
    expect(look(survives, starting, { steps: repairBegun })).toEqual(pass);
  });
});

describe('if the last other DNS pod stops serving', () => {
  it('before there is a Job, the node is released and the incident waits', () => {
    expect(look(dies, null)).toMatchObject({
      kind: 'act',
      effect: {
        kind: 'stand-back',
        reason: 'LastServingPod',
        message: expect.stringContaining('coredns-here'),
      },
    });
  });

  it('while the Job starts, it is deleted first, and the node is released when it is gone', () => {
    const status = { steps: repairBegun };
    expect(look(dies, starting, status)).toMatchObject({
      kind: 'act',
      effect: { kind: 'take-back-repair', because: 'LastServingPod', uid: starting.uid },
    });
    const deleted = { ...status, repairTakenBack: [takenBack] };
    expect(look(dies, starting, deleted)).toMatchObject({ kind: 'wait', reason: 'LastServingPod' });
    // Also if DNS is served again by then: there is no Job to go on with.
    for (const dnsPods of [dies, survives])
      expect(look(dnsPods, null, deleted)).toMatchObject({ kind: 'act', effect: { kind: 'stand-back' } });
  });

  it.each<[string, AgentRun | null, Partial<RemediationStatus>]>([
    ['the agent runs', aRun({ state: 'running' }), { steps: repairBegun }],
    ['the agent ran', aRun({ state: 'ended' }), { steps: repairBegun, repairTakenBack: [takenBack] }],
    ['its Job was created, and is not in the cache yet', null, { steps: repairBegun }],
    [
      'an agent that ran before never reported, and has to be completed or undone',
      starting,
      { steps: repairBegun, repairTakenBack: [{ ...takenBack, because: 'Silent', uid: 'before' }] },
    ],
  ])('but %s, the repair goes on', (_when, job, status) => {
    expect(look(dies, job, status)).toEqual(pass);
  });
});

it('the record of an incident that stood back is as before its admission, with the reason to wait', () => {
  const { status } = aRemediation({
    status: { phase: 'Repairing', quarantine, steps: repairBegun, repairTakenBack: [takenBack] },
  });
  const effect = { kind: 'stand-back', reason: 'LastServingPod', message: 'No other pod.' } as const;
  const after = afterEffect(status, { kind: 'done', effect }, at(6));
  expect(after).toMatchObject({
    phase: 'Pending',
    reason: 'LastServingPod',
    message: 'No other pod.',
    steps: [],
    repairTakenBack: [],
    conditions: [{ type: 'Quarantined', status: 'False' }],
  });
  expect(after).not.toHaveProperty('quarantine');
  const admitted = aRemediation({ status: after });
  expect(lastLook(aSituation({ remediation: admitted, world: { node: aNode() } }))).toEqual(pass);
});

it('a Job that was taken back and does not go away does not hold the node: the attempt ends', () => {
  const status = { steps: repairBegun, repairTakenBack: [takenBack] };
  const after = (seconds: number) =>
    plan(situationOf(dies, { ...starting, deleting: true }, status, seconds));
  expect(after(15)).toMatchObject({ kind: 'wait', reason: 'LastServingPod' });
  expect(after(90)).toMatchObject({
    kind: 'record',
    finding: { kind: 'attempt-ended', ending: { reason: 'JobDidNotStart', hold: false } },
  });
});
