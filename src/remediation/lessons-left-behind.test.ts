/** What went wrong in other tools that change nodes, by the name of its report: nodes that were left behind. Each test shows what keeps it from happening here. */
import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aProofReport,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../test/support/objects/builders.ts';
import { looping, mayBeginAmong, withStatus } from '../../test/support/objects/looping-nodes.ts';
import { SimulatedCluster } from '../../test/support/objects/simulated-cluster.ts';
import type { Script } from '../../test/support/objects/simulated-script.ts';
import type { RemediationStatus, StepName } from '../api/remediation.ts';
import { plan } from './plan.ts';
import { afterEffect, afterEnd } from './record/status.ts';
import type { Remediation, Situation } from './world.ts';

const HEALTHY: Script = {
  strategy: 'Taint',
  cordonedBefore: false,
  agent: 'repaired',
  guard: 'kept',
  proof: 'usable',
  dnsWorks: true,
  lostAfter: new Set(),
};

/** More than any of these scripts needs. */
const MANY_STEPS = 800;

function runToTheEnd(script: Script): SimulatedCluster {
  const cluster = new SimulatedCluster(script);
  for (let step = 0; step < MANY_STEPS; step += 1) if (cluster.step().kind === 'pass') return cluster;
  throw new Error(`still ${cluster.status.phase} (${cluster.status.reason}) after ${MANY_STEPS} steps`);
}

const HELD = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;
const steps = (...names: readonly StepName[]) =>
  names.map((name) => ({ name, startedAt: isoAt(2), finishedAt: isoAt(3) }));

describe('kured #955: of ten nodes, two or three stayed cordoned after their reboot, because the process that came back did not find that it had cordoned them', () => {
  const killedOnce = Array.from({ length: 16 }, (_, write) => [write + 1]);
  const killedTwice = killedOnce.flatMap(([first = 0]) => [1, 2, 5].map((gap) => [first, first + gap]));

  it.each(['Taint', 'Cordon'] as const)(
    'the record of a quarantine is on the node, so with %s it is released wherever the operator is killed, once or twice',
    (strategy) => {
      for (const writes of [...killedOnce, ...killedTwice]) {
        const { node: left, status } = runToTheEnd({ ...HEALTHY, strategy, lostAfter: new Set(writes) });
        const killed = `killed before the status writes ${writes.join(' and ')}`;
        expect({ killed, ...left, phase: status.phase }).toMatchObject({
          killed,
          quarantine: null,
          tainted: false,
          unschedulable: false,
          phase: 'Healed',
        });
      }
    },
  );
});

describe('NVSentinel #1852: a tripped breaker stopped every event, also the one that would have uncordoned a node that was healthy again', () => {
  const failed = withStatus(looping(9), {
    phase: 'RolledBack',
    reason: 'KubeletDidNotComeUp',
    finishedAt: isoAt(90),
  });
  const proven: Partial<RemediationStatus> = {
    phase: 'Proving',
    quarantine: HELD,
    steps: steps('Quarantine', 'Repair', 'Prove'),
    repair: aRepairReport(),
    proof: aProofReport(),
  };
  const situation = (remediation: Remediation): Situation =>
    aSituation({
      remediation,
      now: at(100),
      world: {
        node: aNode({
          quarantine: {
            remediation: remediation.name,
            strategy: 'Taint',
            wasUnschedulable: false,
            since: isoAt(2),
          },
        }),
        repairJob: aRun({ state: 'ended', message: JSON.stringify(aRepairReport()) }),
        dnsPods: [aLoopingPod({ uid: 'sick-1' }), aDnsPod()],
        remediations: [failed, remediation],
      },
    });

  it('while it is open, no other node begins', () => {
    expect(mayBeginAmong(looping(2), [failed, looping(2)])).toMatchObject({ kind: 'wait' });
  });

  it('a node that was proven is released all the same, and its DNS pods are replaced', () => {
    const releasing = withStatus(looping(1), proven);
    expect(plan(situation(releasing))).toEqual({ kind: 'act', effect: { kind: 'release' } });
    const released = situation({
      ...releasing,
      status: afterEffect(releasing.status, { kind: 'done', effect: { kind: 'release' } }, at(100)),
    });
    expect(plan({ ...released, world: { ...released.world, node: aNode() } })).toMatchObject({
      kind: 'act',
      effect: { kind: 'recreate' },
    });
  });

  it('a node whose repair failed is released when its time is over, without an acknowledgement', () => {
    const held = withStatus(looping(1), { phase: 'Failed', hold: 'Held', quarantine: HELD });
    expect(plan({ ...situation(held), now: at(2 + 480) })).toEqual({
      kind: 'act',
      effect: { kind: 'release' },
    });
  });

  it('an acknowledgement closes it without a restart of anything', () => {
    const next = looping(2);
    expect(mayBeginAmong(next, [{ ...failed, acknowledged: true }, next]).kind).toBe('pass');
  });
});

describe('self-node-remediation #258: after a computed time a reboot was taken for granted that had never happened, and the taint stayed on the node', () => {
  it.each(['Taint', 'Cordon'] as const)(
    'a repair that never reports has failed, however long it is waited for, and with %s the node is released',
    (strategy) => {
      const { node: left, status, deletedPods } = runToTheEnd({ ...HEALTHY, strategy, agent: 'silent' });
      expect(status.phase).toBe('Failed');
      expect(status).not.toHaveProperty('repair');
      expect(deletedPods).toEqual([]);
      expect(left).toMatchObject({ quarantine: null, tainted: false, unschedulable: false });
    },
  );

  it.each([
    ['a kubelet that was not watched to the end', { guard: 'endless' }],
    ['a new pod that never reports what it was given', { proof: 'silent' }],
    ['DNS that does not answer', { dnsWorks: false }],
  ] as const)('%s is not healed, and its node is released when its time is over', (_what, what) => {
    const { node: left, status } = runToTheEnd({ ...HEALTHY, ...what });
    expect(status.phase).toBe('Failed');
    expect(left).toMatchObject({ quarantine: null, tainted: false, unschedulable: false });
  });
});

describe('kubernetes-nmstate #1571: a counter of unavailable nodes was raised before a change and lowered after it; a handler that was killed in between left it up, and no further node had its turn, for ever', () => {
  const next = looping(2);
  const busy = withStatus(looping(1), {
    phase: 'Repairing',
    quarantine: HELD,
    steps: [{ name: 'Quarantine', startedAt: isoAt(2) }],
  });

  it('nothing is counted but records that exist: if one vanishes in the middle of its repair, the next node begins', () => {
    expect(mayBeginAmong(next, [busy, next])).toMatchObject({ kind: 'wait' });
    expect(mayBeginAmong(next, [next]).kind).toBe('pass');
  });

  it('the record of a node that vanished ends and gives its place back, without the node', () => {
    const gone = (remediation: Remediation) =>
      plan(aSituation({ remediation, now: at(100), world: { node: null, remediations: [remediation] } }));
    const verdict = gone(busy);
    if (verdict.kind !== 'end') throw new Error(`it does not end: ${JSON.stringify(verdict)}`);
    const ended = withStatus(busy, afterEnd(busy.status, verdict.ending, busy.spec, at(100)));
    expect(gone(ended)).toEqual({ kind: 'act', effect: { kind: 'release' } });
    const closed = withStatus(
      ended,
      afterEffect(ended.status, { kind: 'done', effect: { kind: 'release' } }, at(100)),
    );
    expect(mayBeginAmong(next, [closed, next]).kind).toBe('pass');
  });

  it('an operator that is killed before any of its writes still ends the incident, and its place is free', () => {
    for (let write = 1; write <= 16; write += 1) {
      const { status } = runToTheEnd({ ...HEALTHY, lostAfter: new Set([write]) });
      const over = withStatus(looping(1), status);
      expect({ write, verdict: mayBeginAmong(next, [over, next], { now: at(1_000) }).kind }).toEqual({
        write,
        verdict: 'pass',
      });
    }
  });
});
