import { describe, expect, it } from 'vitest';
import { at, isoAt } from '../../../test/support/objects/builders.ts';
import { kubeError } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedPolicy } from '../../../test/support/objects/stored-objects.ts';

const BOB = { reason: 'upgrade', by: 'bob' };
const policy = (...pause: readonly (typeof BOB & { until?: string })[]) =>
  storedPolicy('coredns', { pause: [...pause] });
const on = (...policies: readonly ReturnType<typeof storedPolicy>[]) => {
  const cluster = askedCluster({ policies });
  const NAMESPACE = '/api/v1/namespaces/dnshealth-system';
  cluster.answers.set(NAMESPACE, { metadata: { name: 'dnshealth-system', resourceVersion: '3' } });
  const pause = async (...args: readonly string[]) =>
    runPlugin('', { args: ['pause', ...args], cluster, now: () => at(0) });
  const body = () => cluster.patched.at(-1)?.body;
  return { cluster, pause, body, NAMESPACE };
};

describe('pause', () => {
  it('adds an entry in the name of the user, and keeps those of others', async () => {
    const { pause, body } = on(policy(BOB));
    const { code, out } = await pause('coredns', '--reason', 'outage');
    expect([code, out]).toEqual([
      0,
      'dnshealthpolicy/coredns: Pauses the policy as anna: outage\ndnshealthpolicy/coredns: Paused. No repair begins under it; what has begun ends. To end the pause: kubectl dnshealth resume coredns\n',
    ]);
    expect(body()).toEqual({
      metadata: { resourceVersion: '7' },
      spec: { pause: [BOB, { reason: 'outage', by: 'anna' }] },
    });
  });

  it('keeps an entry that another person adds at the same time', async () => {
    const { cluster, pause, body } = on(policy());
    cluster.beforePatch = (path) => {
      cluster.beforePatch = () => {};
      cluster.answers.set(path, policy(BOB));
      throw kubeError(409, 'Conflict');
    };
    await pause('coredns', '--reason', 'outage');
    expect(body()).toMatchObject({ spec: { pause: [BOB, { reason: 'outage', by: 'anna' }] } });
  });

  it.each([
    ['--for', '90m', isoAt(5400)],
    ['--for', '1000h', isoAt(3_600_000)],
    ['--until', '2026-03-02T07:00:00+01:00', '2026-03-02T06:00:00.000Z'],
  ])('ends by itself: %s %s', async (option, value, until) => {
    const { pause, body } = on(policy());
    await pause('coredns', '--reason', 'outage', option, value);
    expect(body()).toMatchObject({ spec: { pause: [{ reason: 'outage', by: 'anna', until }] } });
  });

  it('has nothing to do where it was done before, and moves the end where that differs', async () => {
    const { cluster, pause, body } = on(policy({ reason: 'outage', by: 'anna' }));
    expect((await pause('coredns', '--reason', 'outage')).out).toBe(
      'dnshealthpolicy/coredns: Was paused before with this reason.\n',
    );
    expect(cluster.patched).toEqual([]);
    await pause('coredns', '--reason', 'outage', '--for', '1h');
    expect(body()).toMatchObject({ spec: { pause: [{ by: 'anna', until: isoAt(3600) }] } });
  });

  it('needs no name where there is one policy', async () => {
    expect((await on(policy()).pause('--reason', 'outage')).code).toBe(0);
    expect((await on(policy(), storedPolicy('second')).pause('--reason', 'outage')).err).toBe(
      'error: there are several policies: name one of coredns, second\n',
    );
  });

  it('pauses all policies with one switch', async () => {
    const { cluster, pause, NAMESPACE } = on();
    expect((await pause('--all-policies', '--reason', 'outage')).code).toBe(0);
    expect(cluster.patched.at(-1)).toEqual({
      path: NAMESPACE,
      dryRun: false,
      body: {
        metadata: {
          annotations: { 'dnshealth.io/pause': 'outage', 'dnshealth.io/pause-by': 'anna' },
          resourceVersion: '3',
        },
      },
    });
    expect((await pause('--all-policies', '--reason', 'outage')).out).toBe(
      'all policies: Were paused before with this reason.\n',
    );
  });

  it('does not take the place of a person who has paused all policies before', async () => {
    const { cluster, pause, NAMESPACE } = on();
    const annotations = { 'dnshealth.io/pause': 'upgrade', 'dnshealth.io/pause-by': 'bob' };
    cluster.answers.set(NAMESPACE, { metadata: { name: 'dnshealth-system', annotations } });
    expect(await pause('--all-policies', '--reason', 'outage')).toMatchObject({
      code: 2,
      err: 'error: all policies are paused already, by bob: upgrade\n',
    });
  });

  it.each([
    [['coredns', '--reason', 'x', '--for', 'soon'], '--for "soon" is not a duration such as 90m, 2h or 48h'],
    [['coredns', '--reason', 'x', '--for', '0'], '--for "0" is not a duration such as 90m, 2h or 48h'],
    [
      ['coredns', '--reason', 'x', '--until', 'tomorrow'],
      '--until "tomorrow" is not a time in RFC 3339 with its zone, such as 2026-12-01T06:00:00Z or 2026-12-01T07:00:00+01:00',
    ],
    [['coredns', '--reason', 'x', '--until', isoAt(0)], `--until ${isoAt(0)} is over already`],
    [['coredns', '--reason', 'x', '--for', '1h', '--until', isoAt(9)], 'give --until or --for, but not both'],
    [['coredns', '--reason', 'x'.repeat(257)], '--reason has 257 characters, and at most 256 are kept'],
    [
      ['coredns', '--all-policies', '--reason', 'x'],
      'name a policy, or pause all with --all-policies, but not both',
    ],
    [
      ['--all-policies', '--reason', 'x', '--for', '1h'],
      '--all-policies has no end of its own: leave out --until and --for, and end it with kubectl dnshealth resume --all-policies',
    ],
  ])('does not do it, and says why: %s', async (args, why) => {
    const { cluster, pause } = on(policy());
    expect(await pause(...args)).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
    expect(cluster.patched).toEqual([]);
  });

  it('says what to do when the list is full', async () => {
    const full = Array.from({ length: 20 }, (_none, at) => ({ reason: `${at}`, by: 'bob' }));
    expect((await on(policy(...full)).pause('coredns', '--reason', 'x')).err).toContain(
      'the policy coredns has 20 pauses already, which is the most: take out old ones',
    );
  });
});
