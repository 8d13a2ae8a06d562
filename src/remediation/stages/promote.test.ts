import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aPendingFile,
  aRemediation,
  aSituation,
  at,
  isoAt,
  withDrift,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { plan } from '../plan.ts';
import { afterFinding } from '../record/status.ts';
import { byTurn } from '../rollout/slots.ts';
import { pass } from '../verdict.ts';
import type { DnsPodView } from '../world.ts';
import { promote } from './promote.ts';

const drift = (
  status: Partial<RemediationStatus> = {},
  place: 'HostsDNSPods' | 'TakesNoDNSPods' = 'TakesNoDNSPods',
) =>
  withDrift(aRemediation({ status: { phase: 'Pending', reason: 'OtherNodeUnderRepair', ...status } }), {
    place,
  });
const situation = (pod: DnsPodView, remediation = drift()) =>
  aSituation({ remediation, world: { dnsPods: [pod, aDnsPod()] } });

describe('a node that was found wrong and waits', () => {
  it.each([
    ['crashes', aLoopingPod()],
    ['does not answer', aDnsPod({ ...aLoopingPod(), ready: true, runningSince: at(-9), answers: false })],
  ])('is recorded as failing when a DNS pod of it %s', (_what, pod) => {
    expect(plan(situation(pod))).toEqual({
      kind: 'record',
      finding: { kind: 'pod-fails', pod: { name: 'coredns-sick', uid: 'pod-sick' } },
    });
  });

  it('then goes ahead of nodes that were found wrong before it, in the order of crashes', () => {
    const { status } = drift();
    const finding = { kind: 'pod-fails', pod: { name: 'coredns-sick', uid: 'pod-sick' } } as const;
    const failing = { ...drift(afterFinding(status, finding, at(3))), name: 'failing', createdAt: at(2) };
    expect(failing.status.failingPod).toEqual({ ...finding.pod, since: isoAt(3) });
    const serving = { ...drift({}, 'HostsDNSPods'), name: 'serving', createdAt: at(1) };
    const crash = { ...aRemediation({ status }), name: 'crash', createdAt: at(1) };
    const line = [serving, failing, crash].toSorted(byTurn);
    expect(line.map(({ name }) => name)).toEqual(['crash', 'failing', 'serving']);
  });

  it.each([
    ['its pod serves', situation(aDnsPod({ node: 'node-1' }))],
    ['its pod is being started', situation(aLoopingPod({ containerID: null, restartCount: 0 }))],
    ['its pod is being deleted', situation(aLoopingPod({ deleting: true }))],
    ['the pod of another node crashes', situation(aLoopingPod({ node: 'node-2' }))],
    [
      'that is recorded already',
      situation(aLoopingPod(), drift({ failingPod: { name: 'x', uid: 'x', since: isoAt(1) } })),
    ],
    ['it is under repair', situation(aLoopingPod(), drift({ phase: 'Quarantining' }))],
    ['it began with a crash', situation(aLoopingPod(), aRemediation())],
  ])('keeps its place if %s', (_what, one) => {
    expect(promote(one)).toBe(pass);
  });

  it('keeps its place if only the file is wrong: the pod cannot fail because of it', () => {
    const remediation = withDrift(aRemediation(), aPendingFile());
    expect(plan(situation(aLoopingPod(), remediation))).toMatchObject({ finding: { kind: 'admitted' } });
  });
});
