import { describe, expect, it } from 'vitest';
import { at } from '../../../test/support/objects/builders.ts';
import { followPods } from '../../../test/support/objects/followed-pods.ts';
import { aDeath, aRawDnsPod, running, stampAt } from '../../../test/support/objects/raw-objects.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { watchDeaths } from './death-times.ts';

/** The clock of the node is an hour behind. */
const died = aDeath({ startedAt: stampAt(-3700), finishedAt: stampAt(-3600) });
const diedAgain = aDeath({ finishedAt: stampAt(-3590), containerID: 'containerd://second' });
const pod = (container: object, uid = 'pod-sick') =>
  parseDnsPod(aRawDnsPod({ metadata: { uid }, container }));
const healthy = pod({ state: running(-3700) });
const dead = pod({ state: died });
const restarted = pod({ state: running(-3595), lastState: died });
const deadAgain = pod({ state: diedAgain, lastState: died });

function follow() {
  const pods = followPods(watchDeaths);
  return {
    ...pods,
    saw: (of: DnsPod) => {
      const death = of.containers[0]?.death;
      return death ? pods.times.sawAt(of, death) : 'alive';
    },
  };
}

describe('a death', () => {
  it('that a change of the pod brings has the time of that change, also after the restart', () => {
    const cluster = follow();
    cluster.added(0, healthy);
    cluster.changed(5, healthy, dead);
    cluster.changed(6, dead, restarted);
    expect(cluster.saw(restarted)).toBe(at(5));
  });

  it('after another one has its own time', () => {
    const cluster = follow();
    cluster.added(0, dead);
    cluster.changed(5, dead, deadAgain);
    expect(cluster.saw(deadAgain)).toBe(at(5));
  });

  it.each([
    [
      'that was there when the operator started',
      (cluster: ReturnType<typeof follow>) => cluster.added(0, dead),
    ],
    [
      'that was there, and whose pod changes otherwise',
      (cluster: ReturnType<typeof follow>) => {
        cluster.added(0, dead);
        cluster.changed(5, dead, restarted);
      },
    ],
    [
      'of another pod that appeared under the same name',
      (cluster: ReturnType<typeof follow>) => cluster.changed(5, pod({ state: running(0) }, 'before'), dead),
    ],
    [
      'of a pod that was deleted since',
      (cluster: ReturnType<typeof follow>) => {
        cluster.changed(5, healthy, dead);
        cluster.deleted(6, dead);
      },
    ],
  ])('%s has none', (_what, happen) => {
    const cluster = follow();
    happen(cluster);
    expect(cluster.saw(dead)).toBeNull();
  });
});
