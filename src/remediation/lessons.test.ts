/** What went wrong in other tools that change nodes, by the name of its report: too many nodes at once, or for nothing. Each test shows what keeps it from happening here. */
import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aSighting,
  aSituation,
  at,
  isoAt,
} from '../../test/support/objects/builders.ts';
import { looping, mayBeginAmong, withStatus } from '../../test/support/objects/looping-nodes.ts';
import type { Phase } from '../api/remediation.ts';
import { decideClaim } from './claim/claim.ts';
import { isUnderRepair } from './facts.ts';
import { plan } from './plan.ts';
import type { Remediation } from './world.ts';

const BEGUN_STEP = { name: 'Quarantine', startedAt: isoAt(2), finishedAt: isoAt(3) } as const;
const HELD = { strategy: 'Taint', nodeWasUnschedulable: false, heldSince: isoAt(2) } as const;

describe('NVSentinel #1280: an event that was skipped while its node was being repaired was replayed after a restart of the program, and rebooted a node that was healthy and full of work', () => {
  const here = { name: 'node-1', uid: 'uid-of-node-1' };
  const claim = (diedAt: number, remediations: readonly Remediation[], now: number, sawAt: number | null) =>
    decideClaim({
      evidence: {
        trigger: 'Crash',
        sighting: aSighting({ pod: { name: 'coredns-2', uid: 'pod-2' }, diedAt: isoAt(diedAt) }),
      },
      sawAt,
      node: here,
      mode: 'Repair',
      nodeNow: { bootID: null, kubeletStartedAt: null },
      remediations,
      digest: (text) => text.length.toString(16),
      now,
    });
  const first = aRemediation({ status: { phase: 'Repairing' } });
  const healed = withStatus(first, { phase: 'Healed', finishedAt: isoAt(30) });

  it('a crash that is skipped because its node has an incident is older than the end of that incident, so a program that starts afterwards does not act on it', () => {
    expect(claim(20, [first], at(21), at(20))).toMatchObject({ kind: 'skip', reason: 'NodeHasIncident' });
    expect(claim(20, [healed], at(60), null)).toMatchObject({ kind: 'skip', reason: 'OlderThanLastRepair' });
    // The same pod dies once more: that is news.
    expect(claim(50, [healed], at(60), null)).toMatchObject({ kind: 'claim' });
  });

  it('what happened more than ten minutes before the program started is history, also without a record of it', () => {
    expect(claim(-700, [], at(0), null)).toMatchObject({ kind: 'skip', reason: 'EvidenceTooOld' });
  });

  it('an incident that was claimed before the restart ends without a change, if its pod is gone or serves by now', () => {
    const waiting = looping(1);
    const now = at(200);
    for (const dnsPods of [
      [aDnsPod()],
      [aDnsPod({ uid: 'sick-1', node: 'node-1', runningSince: at(100) }), aDnsPod()],
    ])
      expect(plan(aSituation({ remediation: waiting, now, world: { dnsPods } }))).toMatchObject({
        kind: 'end',
        ending: { phase: 'Cancelled', hold: false },
      });
  });
});

describe('machine-api-operator PR 902: machines whose remediation was under way counted as healthy, so that the next ones began, and potentially the whole cluster at once', () => {
  const next = looping(2);
  /** From the admission to the end: what is done to a node, or may have been. */
  const BEGUN = [
    'Quarantining',
    'Repairing',
    'Proving',
    'Releasing',
    'Recreating',
    'Verifying',
    'RollingBack',
  ] as const satisfies readonly Phase[];

  it.each(BEGUN)('with a node in phase %s no second one begins, although all nodes are Ready', (phase) => {
    const busy = withStatus(looping(1), { phase, steps: [BEGUN_STEP] });
    expect(mayBeginAmong(next, [busy, next])).toMatchObject({ kind: 'wait' });
  });

  it('a node that was admitted, of which nothing is to be seen yet, counts as well', () => {
    const admitted = withStatus(looping(1), { phase: 'Quarantining' });
    expect(mayBeginAmong(next, [admitted, next])).toMatchObject({ kind: 'wait' });
  });

  it('a node that is still held after its end counts as well', () => {
    const held = withStatus(looping(1), { phase: 'Refused', finishedAt: isoAt(50), quarantine: HELD });
    expect(mayBeginAmong(next, [held, next])).toMatchObject({ kind: 'wait' });
  });
});

describe('draino #89: three quarters of a cluster got the condition, and all of them were cordoned at once; only the drains were spread', () => {
  /** All that may, in their order, as the operator decides on one after the other. */
  function admitted(fleet: readonly Remediation[], others: readonly Remediation[], limits: object): number {
    const policy = aPolicySpec({ limits });
    let all: readonly Remediation[] = [...others, ...fleet];
    for (const { name } of fleet) {
      const one = all.find((candidate) => candidate.name === name);
      if (one && mayBeginAmong(one, all, { policy, now: at(1_000) }).kind === 'pass')
        all = all.map((other) => (other === one ? withStatus(one, { phase: 'Quarantining' }) : other));
    }
    return all.filter(isUnderRepair).length;
  }
  const fleetOf = (size: number, limits: object) =>
    Array.from({ length: size }, (_, number) => looping(number, { limits }));
  const canary = (limits: object) =>
    withStatus(aRemediation({ node: 'canary', settings: { limits } }), {
      phase: 'Healed',
      finishedAt: isoAt(100),
      repair: aRepairReport(),
    });

  it('of 75 nodes that loop at once, the first is taken out of scheduling alone', () => {
    const limits = { maxConcurrent: 5 };
    expect(admitted(fleetOf(75, limits), [], limits)).toBe(1);
  });

  it('and never more than the policy allows, once one was healed', () => {
    const limits = { maxConcurrent: 5 };
    expect(admitted(fleetOf(75, limits), [canary(limits)], limits)).toBe(5);
  });

  it('nothing is done to the nodes that wait', () => {
    const busy = withStatus(looping(1), { phase: 'Repairing', steps: [BEGUN_STEP] });
    const waiting = looping(2);
    const next = plan(
      aSituation({
        remediation: waiting,
        now: at(100),
        world: {
          node: aNode({ name: 'node-2' }),
          dnsPods: [aLoopingPod({ uid: 'sick-2', node: 'node-2' }), aDnsPod({ node: 'node-3' })],
          remediations: [busy, waiting],
        },
      }),
    );
    expect(next).toMatchObject({ kind: 'wait' });
  });
});
