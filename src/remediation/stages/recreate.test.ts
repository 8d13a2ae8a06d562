import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aRepairReport,
  aSituation,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { DnsPodView } from '../world.ts';
import { recreate } from './recreate.ts';

/** The kubelet was repaired in second 4; it is second 20 now. */
function deleted(...dnsPods: readonly DnsPodView[]): readonly string[] {
  const remediation = aRemediation({ status: { phase: 'Recreating', repair: aRepairReport() } });
  const verdict = recreate(aSituation({ remediation, now: at(20), world: { dnsPods } }));
  const effect = verdict.kind === 'act' ? verdict.effect : null;
  return effect?.kind === 'recreate' ? effect.pods.map(({ uid }) => uid) : [];
}
const here = { node: 'node-1' } as const;

describe('a DNS pod of the repaired node is deleted', () => {
  it('when its sandbox is older than the repair and it does not serve', () => {
    expect(deleted(aLoopingPod())).toEqual(['pod-sick']);
  });

  it('also when it is Ready for a moment between two crashes', () => {
    expect(deleted(aLoopingPod({ ready: true, runningSince: at(19) }))).toEqual(['pod-sick']);
  });

  it('also when it started in the same second as the repair: timestamps have whole seconds', () => {
    expect(deleted(aLoopingPod({ startedAt: at(4) }))).toEqual(['pod-sick']);
  });
});

describe('a DNS pod is left alone', () => {
  it('when it serves, however old its sandbox is', () => {
    expect(deleted(aDnsPod({ ...here, runningSince: at(-3600) }))).toEqual([]);
  });

  it('when it is on another node', () => {
    expect(deleted(aLoopingPod({ node: 'node-2' }))).toEqual([]);
  });

  it('when it was started after the repair, although it does not serve yet', () => {
    expect(deleted(aLoopingPod({ startedAt: at(5) }))).toEqual([]);
  });

  it('when no kubelet has seen it yet: the replacement that was just scheduled', () => {
    expect(deleted(aDnsPod({ ...here, startedAt: null, ready: false, runningSince: null }))).toEqual([]);
  });

  it('when it is already being deleted', () => {
    expect(deleted(aLoopingPod({ deleting: true }))).toEqual([]);
  });
});

describe('a DNS pod that our restart of the kubelet made unready', () => {
  const served = aDnsPod({ ...here, uid: 'pod-served', startedAt: at(-3600), ready: false });
  const status = {
    phase: 'Recreating',
    repair: aRepairReport(),
    steps: [{ name: 'Repair', startedAt: isoAt(3), finishedAt: isoAt(6) }],
  } satisfies Partial<RemediationStatus>;
  const deletedAt = (seconds: number, ...dnsPods: readonly DnsPodView[]) => {
    const remediation = aRemediation({ status });
    const verdict = recreate(aSituation({ remediation, now: at(seconds), world: { dnsPods } }));
    return verdict.kind === 'act' && verdict.effect.kind === 'recreate'
      ? verdict.effect.pods.map(({ uid }) => uid)
      : [];
  };

  it('is left alone beside one that loops, until its next probe had time', () => {
    expect(deletedAt(8, aLoopingPod(), served)).toEqual(['pod-sick']);
    expect(deletedAt(20, served)).toEqual([]);
  });

  it('is deleted when it is still not Ready then, or as soon as it crashes', () => {
    expect(deletedAt(21, served)).toEqual(['pod-served']);
    expect(deletedAt(8, { ...served, runningSince: null, restartCount: 1 })).toEqual(['pod-served']);
  });
});

describe('if no pod has to be deleted', () => {
  it('the step is recorded once, and then passes', () => {
    const status = { phase: 'Recreating', repair: aRepairReport() } as const;
    const world = { dnsPods: [] };
    const first = recreate(aSituation({ remediation: aRemediation({ status }), world }));
    expect(first).toEqual({ kind: 'act', effect: { kind: 'recreate', pods: [] } });
    const steps = [
      { name: 'Recreate', startedAt: '2026-03-01T12:00:08Z', finishedAt: '2026-03-01T12:00:08Z' },
    ] as const;
    const remediation = aRemediation({ status: { ...status, steps: [...steps] } });
    expect(recreate(aSituation({ remediation, world }))).toEqual({ kind: 'pass' });
  });
});
