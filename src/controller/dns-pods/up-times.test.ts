import { describe, expect, it } from 'vitest';
import { at } from '../../../test/support/objects/builders.ts';
import { followPods } from '../../../test/support/objects/followed-pods.ts';
import { aDeath, aRawDnsPod, running } from '../../../test/support/objects/raw-objects.ts';
import { type DnsPod, parseDnsPod } from '../../observe/dns-pod.ts';
import { watchUpTimes } from './up-times.ts';

const pod = (container: object, uid = 'pod-sick') =>
  parseDnsPod(aRawDnsPod({ metadata: { uid }, container }));
const first = (seconds: number) => pod({ state: running(seconds), containerID: 'containerd://first' });
const second = (seconds: number, uid?: string) =>
  pod({ state: running(seconds), containerID: 'containerd://second', lastState: aDeath() }, uid);
const dead = pod({ state: aDeath() });

function follow() {
  const pods = followPods(watchUpTimes);
  return {
    ...pods,
    upSince: (of: DnsPod) => (of.containers[0] ? pods.times.upSince(of, of.containers[0]) : 'no container'),
  };
}

describe('a container has been running', () => {
  it.each([-3600, 0, 3600])(
    'since the change that brought its start, if the clock of the node is %i seconds off',
    (off) => {
      const cluster = follow();
      cluster.added(0, dead);
      cluster.changed(5, dead, second(off + 5));
      cluster.changed(9, second(off + 5), second(off + 5));
      expect(cluster.upSince(second(off + 5))).toBe(at(5));
    },
  );

  it('since its node says, if it was running when the operator started', () => {
    const cluster = follow();
    cluster.added(0, first(-60));
    cluster.changed(5, first(-60), first(-60));
    expect(cluster.upSince(first(-60))).toBe(at(-60));
  });

  it('since the operator started, if its node says that it will start in the future', () => {
    const cluster = follow();
    cluster.added(0, first(3600));
    cluster.changed(5, first(3600), first(3600));
    expect(cluster.upSince(first(3600))).toBe(at(0));
  });

  it('since its node says, if it belongs to another pod that appeared under the same name', () => {
    const cluster = follow();
    cluster.added(0, first(-60));
    cluster.changed(5, first(-60), second(-30, 'pod-after-it'));
    expect(cluster.upSince(second(-30, 'pod-after-it'))).toBe(at(-30));
  });
});

it('a container that does not run has no such time', () => {
  const cluster = follow();
  cluster.added(0, dead);
  expect(cluster.upSince(dead)).toBeNull();
});
