/** The way back, step by step: from a person's request to its end. */
import { describe, expect, it } from 'vitest';
import {
  aGuardReport,
  aNode,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  aStatus,
  isoAt,
  withRollback,
} from '../../test/support/objects/builders.ts';
import type { RollbackReport } from '../api/agent-protocol.ts';
import { exclusionText } from '../api/exclusion.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { plan } from './plan.ts';
import { isHalting } from './rollout/rollout.ts';
import type { AgentRun, NodeView, World } from './world.ts';

const original = aRemediation({
  name: 'original',
  uid: 'original',
  status: { phase: 'Healed', finishedAt: isoAt(-60), repair: aRepairReport() },
});
const back = withRollback(aRemediation({ name: 'back', uid: 'back' }));
const why = exclusionText({ remediation: 'back', of: 'original', by: 'anna', reason: 'why' });
const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const record = {
  remediation: 'back',
  uid: 'back',
  strategy: 'Taint',
  wasUnschedulable: false,
  since: isoAt(2),
} as const;
const report = (changes: Partial<RollbackReport> = {}): RollbackReport => ({
  verb: 'rollback',
  nonce: 'back',
  outcome: 'rolled-back',
  reason: 'RolledBack',
  message: 'The content from before original was restored.',
  nodeUnchanged: false,
  watched: false,
  kubelet: { pidBefore: 1, pidAfter: 2, restarts: 1, active: true },
  times: {},
  ...changes,
});
const excluded: Partial<NodeView> = { excluded: true, excludedBecause: why };
const held: Partial<NodeView> = { ...excluded, quarantine: record };
const started = [{ name: 'Rollback' as const, startedAt: isoAt(3) }];
const guarding = [...started, { name: 'Guard' as const, startedAt: isoAt(4) }];
const ended = (text: RollbackReport, guard: AgentRun['guard'] = null) =>
  aRun({ state: 'ended', message: JSON.stringify(text), guard });

function next(
  status: Partial<RemediationStatus>,
  node: Partial<NodeView> = {},
  world: Partial<World> = {},
  remediation = back,
) {
  const own = { ...remediation, status: aStatus(status) };
  return plan(
    aSituation({
      remediation: own,
      world: { node: aNode(node), dnsPods: [], remediations: [original, own], ...world },
    }),
  );
}

describe('a rollback', () => {
  it('takes its turn, excludes the node before anything else, and then holds it', () => {
    expect(next({})).toEqual({ kind: 'record', finding: { kind: 'admitted' } });
    expect(next({ phase: 'Quarantining' })).toEqual({ kind: 'act', effect: { kind: 'exclude' } });
    expect(next({ phase: 'Quarantining' }, excluded)).toEqual({
      kind: 'act',
      effect: { kind: 'quarantine' },
    });
  });

  it('goes on without setting the label again if someone removes it in between', () => {
    const status = { phase: 'Quarantining', quarantine } as const;
    expect(next(status, { quarantine: record })).toEqual({ kind: 'act', effect: { kind: 'start-rollback' } });
  });

  it('runs one Job, reads its report, releases the node, and waits for the guard before it ends', () => {
    const begun = { phase: 'RollingBack', quarantine, steps: started } as const;
    expect(next(begun, held, { repairJob: aRun({ state: 'running' }) })).toMatchObject({ kind: 'wait' });
    const repairJob = ended(report(), { state: 'running', message: null });
    expect(next(begun, held, { repairJob })).toMatchObject({ finding: { kind: 'rollback-reported' } });
    const reported = { ...begun, steps: guarding, rollback: report() };
    expect(next(reported, held, { repairJob })).toEqual({ kind: 'act', effect: { kind: 'release' } });
    const released = {
      ...reported,
      steps: [...guarding, { name: 'Release' as const, startedAt: isoAt(5), finishedAt: isoAt(5) }],
    };
    expect(next(released, excluded, { repairJob })).toMatchObject({ kind: 'wait', reason: 'GuardWatching' });
    expect(next({ ...released, guard: aGuardReport() }, excluded)).toMatchObject({
      kind: 'end',
      ending: {
        phase: 'RolledBack',
        reason: 'RolledBackOnRequest',
        message: expect.stringMatching(/anna asked: the platform team owns this file\./),
        advice: expect.stringContaining('kubectl label node node-1 dnshealth.io/exclude-'),
      },
    });
  });

  it.each([
    [
      'refused',
      report({ outcome: 'refused', reason: 'ChangedSince', nodeUnchanged: true, watched: undefined }),
      'Refused',
      false,
    ],
    [
      'undone by the agent',
      report({ outcome: 'failed', reason: 'KubeletDidNotComeUp', nodeUnchanged: true }),
      'Failed',
      false,
    ],
    [
      'left with a dead kubelet',
      report({
        outcome: 'failed',
        reason: 'KubeletDown',
        kubelet: { pidBefore: 1, pidAfter: 0, restarts: 2, active: false },
      }),
      'Failed',
      true,
    ],
  ] as const)('that is %s says so', (_what, rollback, phase, hold) => {
    const status = { phase: 'RollingBack', quarantine, steps: started, rollback } as const;
    expect(next(status, held)).toMatchObject({
      kind: 'end',
      ending: { phase, reason: rollback.reason, hold },
    });
  });

  it('that its guard undid has failed, and the node is as it was', () => {
    const guard = aGuardReport({
      outcome: 'rolled-back',
      reason: 'KubeletDidNotComeUp',
      nodeUnchanged: true,
    });
    const status = { phase: 'RollingBack', quarantine, steps: guarding, rollback: report(), guard } as const;
    expect(next(status, held)).toMatchObject({
      ending: { phase: 'Failed', reason: 'KubeletDidNotComeUp', hold: false },
    });
  });

  it('is not tried again by itself: whoever asked for it is told', () => {
    const rollback = report({ outcome: 'refused', reason: 'Locked', nodeUnchanged: true });
    const status = { phase: 'RollingBack', quarantine, steps: started, rollback } as const;
    expect(next(status, held)).toMatchObject({ kind: 'end', ending: { phase: 'Refused', reason: 'Locked' } });
  });

  it('of a file alone has no quarantine', () => {
    const file = withRollback(back, { fileAlone: true });
    const admitted = { phase: 'Quarantining' } as const;
    expect(next(admitted, {}, {}, file)).toEqual({ kind: 'act', effect: { kind: 'exclude' } });
    expect(next(admitted, excluded, {}, file)).toEqual({ kind: 'act', effect: { kind: 'start-rollback' } });
    const status = {
      phase: 'RollingBack',
      steps: started,
      rollback: report({ watched: undefined }),
    } as const;
    expect(next(status, excluded, {}, file)).toMatchObject({ ending: { phase: 'RolledBack' } });
  });
});

describe('the label of a rollback that is over', () => {
  const over = {
    finishedAt: isoAt(9),
    quarantine: { strategy: 'Taint', nodeWasUnschedulable: false },
  } as const;
  it.each<[string, Partial<RemediationStatus>]>([
    [
      'was refused',
      { phase: 'Refused', steps: started, rollback: report({ outcome: 'refused', nodeUnchanged: true }) },
    ],
    ['was refused before its Job', { phase: 'Refused' }],
    [
      'was undone by its guard',
      {
        phase: 'Failed',
        steps: guarding,
        rollback: report(),
        guard: aGuardReport({ outcome: 'rolled-back', nodeUnchanged: true }),
      },
    ],
  ])('is taken away if it %s', (_what, status) => {
    expect(next({ ...over, ...status }, excluded)).toEqual({ kind: 'act', effect: { kind: 'include' } });
    expect(next({ ...over, ...status }, { excluded: true, excludedBecause: 'mine' })).toEqual({
      kind: 'pass',
    });
  });

  it.each<[string, Partial<RemediationStatus>]>([
    ['took effect', { phase: 'RolledBack', steps: guarding, rollback: report(), guard: aGuardReport() }],
    ['never reported', { phase: 'Failed', reason: 'NoReport', steps: started }],
    [
      'left the old bytes in place',
      { phase: 'Failed', steps: started, rollback: report({ outcome: 'failed' }) },
    ],
  ])('stays if it %s', (_what, status) => {
    expect(next({ ...over, ...status }, excluded)).toEqual({ kind: 'pass' });
  });

  it.each(['RolledBack', 'Failed', 'Refused'] as const)('stops no repair of other nodes: %s', (phase) => {
    const status = aStatus({ ...over, phase, steps: started, rollback: report({ outcome: 'failed' }) });
    expect(isHalting({ ...back, status })).toBe(false);
  });
});
