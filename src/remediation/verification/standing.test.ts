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
import type { DnsPodView } from '../world.ts';
import { standingOf } from './standing.ts';

/** The kubelet was restarted in second 4, which was reported in second 6. */
function standing(pod: DnsPodView, seconds: number, times: object = { restarted: isoAt(4) }) {
  const remediation = aRemediation({
    status: {
      repair: aRepairReport({ times }),
      steps: [{ name: 'Repair', startedAt: isoAt(3), finishedAt: isoAt(6) }],
    },
  });
  return standingOf(pod, aSituation({ remediation, now: at(seconds) }));
}
const here = { node: 'node-1' } as const;
/** It has served for three days, and the restart of the kubelet made it unready. */
const served = aDnsPod({ ...here, startedAt: at(-259_200), runningSince: at(-259_200), ready: false });

describe('a DNS pod of the repaired node', () => {
  it.each<[string, DnsPodView, number, string]>([
    ['in a sandbox younger than the repair', aLoopingPod({ startedAt: at(5) }), 7, 'new'],
    ['that no kubelet has seen yet', aDnsPod({ ...here, startedAt: null, ready: false }), 7, 'new'],
    ['in its crash loop', aLoopingPod(), 7, 'stale'],
    ['Ready for a moment between two crashes', aLoopingPod({ ready: true, runningSince: at(6) }), 7, 'stale'],
    ['started in the second of the repair', aLoopingPod({ startedAt: at(4) }), 7, 'stale'],
    ['that recovered by itself', aLoopingPod({ ready: true, runningSince: at(-5) }), 7, 'serving'],
    ['that serves in an old sandbox', aDnsPod(here), 7, 'serving'],
    ['unready since the restart', served, 7, 'undecided'],
    ['unready since the restart, just before its time is over', served, 20.9, 'undecided'],
    ['unready for too long after the restart', served, 21, 'stale'],
    ['Ready again', { ...served, ready: true }, 15, 'serving'],
    ['that crashed after the restart', { ...served, runningSince: null, restartCount: 1 }, 9, 'stale'],
    ['restarted after that crash', { ...served, runningSince: at(8), restartCount: 1 }, 9, 'stale'],
    ['Ready all the time, and known not to answer', aDnsPod({ ...here, answers: false }), 7, 'stale'],
    ['unready since the restart, and known not to answer', { ...served, answers: false }, 7, 'stale'],
    ['looping, and running at the restart by chance', aLoopingPod({ runningSince: at(3) }), 5, 'stale'],
  ])('%s', (_what, pod, seconds, expected) => {
    expect(standing(pod, seconds)).toBe(expected);
  });

  it('was not made unready by us if the kubelet was not restarted', () => {
    expect(standing(served, 7, { decided: isoAt(4) })).toBe('stale');
  });

  it('is measured against the time of the report if the agent gave no time', () => {
    expect(standing(aLoopingPod({ startedAt: at(5) }), 9, {})).toBe('stale');
    expect(standing(aLoopingPod({ startedAt: at(7) }), 9, {})).toBe('new');
  });
});
