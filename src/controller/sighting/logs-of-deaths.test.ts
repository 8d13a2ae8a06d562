import { beforeEach, describe, expect, it } from 'vitest';
import { kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aDeath, LOOP_LINE, loggedAt, running } from '../../../test/support/objects/raw-objects.ts';
import { LOG, restarted, sightingCluster } from '../../../test/support/objects/sighting-cluster.ts';

let cluster: ReturnType<typeof sightingCluster>;
beforeEach(() => {
  cluster = sightingCluster();
});

describe('a node that was restarted under the container', () => {
  it('is reported without a log, which may be gone', async () => {
    cluster.become({
      lastState: aDeath({ exitCode: 255, reason: 'Unknown' }),
      state: running(2),
      restartCount: 1,
    });
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.announced).toEqual(['NodeRestarted']);
    expect(cluster.fake.created).toEqual([]);
  });
});

describe('a log', () => {
  it('of the current container is read first while none is newer, otherwise that of the previous one', async () => {
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    cluster.become(restarted);
    await cluster.look();
    expect(cluster.fake.asked.filter((asked) => asked.startsWith('LOG'))).toEqual([
      'LOG coredns-sick previous=false',
      'LOG coredns-sick previous=true',
      'LOG coredns-sick previous=true',
      'LOG coredns-sick previous=false',
    ]);
  });

  it('that the runtime refuses for a moment is read again; one that is forbidden is an error', async () => {
    cluster.fake.log = ({ previous }) => {
      if (previous) return LOG;
      throw kubeError(500, 'InternalError');
    };
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(cluster.fake.created).toHaveLength(1);

    cluster = sightingCluster();
    cluster.fake.log = () => {
      throw kubeError(403, 'Forbidden');
    };
    await expect(cluster.look()).rejects.toThrow('403');
  });

  it('that may belong to a newer container is read again once it has an unambiguous name', async () => {
    cluster.fake.log = ({ previous }) => (previous ? LOG : loggedAt(0, '.:53\nCoreDNS-1.11.3\n'));
    await cluster.look();
    expect(cluster.fake.created).toEqual([]);
    cluster.become(restarted);
    await cluster.look();
    expect(cluster.fake.created).toHaveLength(1);
    expect(cluster.sightings.observationsFor('policy-1')).toMatchObject([{ cause: 'KubeletResolvConf' }]);
  });
});

describe('a log that never comes', () => {
  const asked = () => cluster.fake.asked.filter((one) => one.startsWith('LOG')).length;
  const observed = () => cluster.sightings.observationsFor('policy-1');

  it('is asked for more and more slowly, and the policy says so after ten seconds', async () => {
    cluster.fake.log = () => '';
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    cluster.wait(3);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 3_000 });
    expect(observed()).toEqual([]);
    cluster.wait(7);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 3_000 });
    expect(observed()).toMatchObject([
      {
        cause: 'NoLog',
        message: 'The container ended with exit code 1 (Error). Its log cannot be read.',
        advice: expect.stringContaining('kubectl -n kube-system logs --previous'),
      },
    ]);
    cluster.wait(20);
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 30_000 });
    expect(cluster.announced).toEqual(['NoLog']);
  });

  it('is used when it comes after all', async () => {
    cluster.fake.log = () => '';
    await cluster.look();
    cluster.wait(60);
    await cluster.look();
    cluster.fake.log = () => LOG;
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(observed()).toMatchObject([{ cause: 'KubeletResolvConf' }]);
    expect(cluster.fake.created).toHaveLength(1);
  });

  it('is asked for quickly again after the next death', async () => {
    cluster.fake.log = () => '';
    await cluster.look();
    cluster.wait(60);
    await cluster.look();
    cluster.become({ state: aDeath({ containerID: 'containerd://second' }), restartCount: 1 });
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
  });

  it('is not needed where the exit code says enough, or the container never ran', async () => {
    cluster.fake.log = () => '';
    cluster.become({ state: aDeath({ exitCode: 137, reason: 'OOMKilled' }) });
    await cluster.look();
    cluster.wait(10);
    await cluster.look();
    expect(observed()).toMatchObject([{ cause: 'OutOfMemory' }]);

    const before = asked();
    const message = 'failed to create containerd task: exec /coredns: exec format error: unknown';
    cluster.become({ state: aDeath({ exitCode: 128, reason: 'StartError', message, containerID: 'x' }) });
    expect(await cluster.look()).toEqual({ kind: 'done' });
    expect(observed()).toMatchObject([{ cause: 'WrongArchitecture' }]);
    expect(asked()).toBe(before);
  });

  it('is not replaced by one of another container, however alike: a loop of ten days ago is no evidence', async () => {
    cluster.fake.log = ({ previous }) => {
      if (previous) return loggedAt(-864_000, LOOP_LINE);
      throw kubeError(500, 'InternalError');
    };
    expect(await cluster.look()).toEqual({ kind: 'requeue', afterMs: 300 });
    expect(cluster.fake.created).toEqual([]);
  });
});
