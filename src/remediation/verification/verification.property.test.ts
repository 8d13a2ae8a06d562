import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aProofReport,
  aRemediation,
  aRepairReport,
  aRun,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { recreate } from '../stages/recreate.ts';
import { verify } from '../stages/verify.ts';
import type { DnsPodView, Situation } from '../world.ts';
import { serves } from './serving.ts';

/** The kubelet was restarted in second 4, the proof pod created in second 7, verification began in second 8. */
const PROVED_AT = 7;
const seconds = (min: number, max: number) => fc.integer({ min, max });

const pods = fc.uniqueArray(
  fc
    .record({
      uid: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      node: fc.constantFrom('node-1', 'node-1', 'node-2', ''),
      createdAt: seconds(-60, 30).map(at),
      startedAt: fc.option(seconds(-60, 30).map(at)),
      runningSince: fc.option(seconds(-60, 120).map(at)),
      ready: fc.boolean(),
      deleting: fc.boolean(),
      restartCount: fc.constantFrom(0, 0, 3),
      hasAddress: fc.boolean(),
    })
    .map(({ hasAddress, ...pod }) =>
      aDnsPod({ ...pod, name: `coredns-${pod.uid}`, ip: hasAddress ? '10.244.1.9' : null }),
    ),
  { selector: ({ uid }) => uid, maxLength: 4 },
);

const situations = fc
  .record({
    dnsPods: pods,
    deleted: fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 }),
    asked: fc.option(fc.record({ uid: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: seconds(9, 120) })),
    now: seconds(9, 130),
    away: fc.boolean(),
  })
  .map(({ dnsPods, deleted, asked, now, away }): Situation => {
    const steps: RemediationStatus['steps'] = [
      { name: 'Repair', startedAt: isoAt(3), finishedAt: isoAt(6) },
      { name: 'Recreate', startedAt: isoAt(8), finishedAt: isoAt(8) },
      { name: 'Verify', startedAt: isoAt(8) },
    ];
    const verification = asked && {
      pod: `coredns-${asked.uid}`,
      podUID: asked.uid,
      podIP: '10.244.1.9',
      node: 'node-1',
      containerID: 'containerd://well',
      restartCount: 0,
      lastAttempt: isoAt(asked.at),
      answers: [],
    };
    const remediation = aRemediation({
      status: {
        phase: 'Verifying',
        repair: aRepairReport(),
        proof: aProofReport(),
        deletedPods: deleted.map((uid) => ({ uid, name: `coredns-${uid}` })),
        steps,
        ...(verification ? { verification } : {}),
      },
    });
    const proofPod = aRun({ createdAt: at(PROVED_AT) });
    const observedSince = at(away ? now - 1 : 0);
    return aSituation({ remediation, now: at(now), observedSince, world: { dnsPods, proofPod } });
  });

const podOf = ({ world }: Situation, uid: string): DnsPodView | undefined =>
  world.dnsPods.find((pod) => pod.uid === uid);

describe('whatever DNS pods there are', () => {
  it('none is deleted that serves, that is on another node, or whose sandbox is younger than the repair', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const verdict = recreate(situation);
        if (verdict.kind !== 'act' || verdict.effect.kind !== 'recreate') return;
        for (const { uid } of verdict.effect.pods) {
          const pod = podOf(situation, uid);
          expect(pod).toMatchObject({ node: 'node-1', deleting: false });
          expect(pod && serves(pod, situation.now)).toBe(false);
          expect(pod?.startedAt).toBeLessThanOrEqual(at(4));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('after a deletion none is asked that was there before it, and none that is deleted', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const verdict = verify(situation);
        if (verdict.kind !== 'act' || verdict.effect.kind !== 'probe') return;
        const { pod } = verdict.effect;
        const { deletedPods } = situation.remediation.status;
        expect(pod.deleting || deletedPods.some(({ uid }) => uid === pod.uid)).toBe(false);
        if (deletedPods.length === 0) return;
        const isNew =
          pod.node === 'node-1'
            ? pod.startedAt === null || pod.startedAt > at(4)
            : pod.createdAt >= at(PROVED_AT);
        expect(isNew).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('a repair is convicted only by a pod that came after it and has run, and never while the operator was away', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const verdict = verify(situation);
        if (verdict.kind !== 'end') return;
        expect(situation.now - situation.observedSince).toBeGreaterThan(90_000);
        if (!verdict.ending.hold) return;
        const convicting = situation.world.dnsPods.filter(
          (pod) => verdict.ending.message.includes(`Pod ${pod.name} on`) && !pod.deleting,
        );
        expect(convicting).toHaveLength(1);
        const [pod] = convicting;
        expect(pod?.runningSince !== null || pod.restartCount > 0).toBe(true);
        expect(pod && (pod.startedAt === null || pod.startedAt > at(4) || pod.createdAt >= at(1))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
