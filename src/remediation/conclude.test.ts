import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aGuardReport,
  aNode,
  aProofReport,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../api/remediation.ts';
import { type Conclusion, conclude, findingsAfter } from './conclude.ts';
import { plan } from './plan.ts';
import { afterEffect } from './record/status.ts';
import type { Situation } from './world.ts';

const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const held = aNode({
  tainted: true,
  quarantine: {
    remediation: 'node-1-incident',
    strategy: 'Taint',
    wasUnschedulable: false,
    since: isoAt(2),
  },
});

/** A repair under way, whose Job shows what is given. */
const repairing = (status: Partial<RemediationStatus>, world: Partial<Situation['world']> = {}) =>
  aSituation({
    now: at(6),
    remediation: aRemediation({
      status: {
        phase: 'Repairing',
        quarantine,
        steps: [
          { name: 'Quarantine', startedAt: isoAt(2), finishedAt: isoAt(2) },
          { name: 'Repair', startedAt: isoAt(3) },
        ],
        ...status,
      },
    }),
    world: { node: held, ...world },
  });

function concluded(situation: Situation) {
  const verdict = plan(situation);
  if (verdict.kind === 'act' || verdict.kind === 'pass') throw new Error(`the plan is to ${verdict.kind}`);
  return conclude(verdict satisfies Conclusion, situation);
}

describe('one look', () => {
  it('that shows a guard which took the change back ends the incident in the same write', () => {
    const report = aGuardReport({
      outcome: 'rolled-back',
      reason: 'KubeletDidNotComeUp',
      message: 'It died.',
    });
    const { status, last } = concluded(
      repairing(
        { repair: aRepairReport({ watched: false }) },
        { repairJob: aRun({ state: 'ended', guard: { state: 'ended', message: JSON.stringify(report) } }) },
      ),
    );
    expect(status).toMatchObject({ guard: report, phase: 'RolledBack', finishedAt: isoAt(6) });
    expect(last.kind).toBe('end');
  });

  it('that shows two things which people did records both', () => {
    const untainted = { ...held, tainted: false, unschedulable: true };
    const { status } = concluded(repairing({}, { node: untainted, repairJob: aRun() }));
    expect(status.interference.map(({ what }) => what)).toEqual(['Cordoned', 'TaintRemoved']);
  });

  it('that lets a repair begin records that alone: others have to see it first', () => {
    const { status, last } = concluded(aSituation());
    expect(last).toMatchObject({ finding: { kind: 'admitted' } });
    expect(status).toMatchObject({ phase: 'Quarantining', steps: [] });
  });

  it('that ends an attempt records the report first, because the next attempt forgets it', () => {
    const report = aRepairReport({ outcome: 'refused', reason: 'TargetMissing', nodeUnchanged: true });
    const { status } = concluded(
      repairing({}, { repairJob: aRun({ state: 'ended', message: JSON.stringify(report) }) }),
    );
    expect(status).toMatchObject({ phase: 'Repairing', repair: { reason: 'TargetMissing' }, attempts: [] });
  });
});

describe('the last question to a DNS pod', () => {
  const steps = ['Quarantine', 'Repair', 'Prove', 'Release', 'Recreate'].map((name) => ({
    name: name as 'Repair',
    startedAt: isoAt(2),
    finishedAt: isoAt(6),
  }));
  const pod = aDnsPod({
    uid: 'new',
    node: 'node-1',
    createdAt: at(7),
    startedAt: at(7),
    runningSince: at(8),
  });
  const verifying = (firstSuccess: number, now: number) =>
    aSituation({
      now,
      remediation: aRemediation({
        status: {
          phase: 'Verifying',
          quarantine: { strategy: 'Taint', nodeWasUnschedulable: false },
          repair: aRepairReport(),
          proof: aProofReport(),
          steps: [...steps, { name: 'Verify', startedAt: isoAt(7) }],
          verification: {
            pod: pod.name,
            podUID: pod.uid,
            podIP: pod.ip ?? '',
            node: pod.node,
            containerID: pod.containerID ?? '',
            restartCount: 0,
            firstSuccess: isoAt(firstSuccess),
            lastAttempt: isoAt(firstSuccess),
            answers: [],
          },
        },
      }),
      world: { dnsPods: [pod] },
    });
  const answered = (situation: Situation) => {
    const verdict = plan(situation);
    if (verdict.kind !== 'act' || verdict.effect.kind !== 'probe') throw new Error('nobody is asked');
    const answers = [{ protocol: 'udp', name: 'example.com', result: 'NOERROR', ok: true, ms: 1 }] as const;
    const result = { kind: 'probed', pod: verdict.effect.pod, answers } as const;
    return findingsAfter(afterEffect(situation.remediation.status, result, situation.now), situation);
  };

  it('is recorded with what it shows', () => {
    const status = answered(verifying(9, at(60)));
    expect(status.verification?.lastAttempt).toBe(isoAt(60));
    expect(status.conditions).toMatchObject([{ type: 'Verified', status: 'True' }]);
    expect(status.finishedAt).toBeUndefined();
  });
});
