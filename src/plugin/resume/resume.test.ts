import { describe, expect, it } from 'vitest';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedPolicy } from '../../../test/support/objects/stored-objects.ts';

const ANNA = { reason: 'outage', by: 'anna' };
const BOB = { reason: 'upgrade', by: 'bob', until: '2026-03-02T06:00:00Z' };
const NAMESPACE = '/api/v1/namespaces/dnshealth-system';

const on = (...pause: readonly { readonly reason: string; readonly by: string }[]) => {
  const cluster = askedCluster({ policies: [storedPolicy('coredns', { pause: [...pause] })] });
  const resume = async (args: string) => runPlugin(`resume ${args}`, { cluster });
  return { cluster, resume, left: () => cluster.patched.at(-1)?.body };
};

describe('resume', () => {
  it('takes out what the user has added, and shows what stays', async () => {
    const { resume, left } = on(ANNA, BOB);
    expect(await resume('coredns')).toEqual({
      code: 0,
      out: [
        'dnshealthpolicy/coredns: Takes out the pauses of anna.',
        'dnshealthpolicy/coredns: Resumed.',
        'dnshealthpolicy/coredns: Is still paused by bob until 2026-03-02T06:00:00Z: upgrade',
        '',
      ].join('\n'),
      err: '',
    });
    expect(left()).toMatchObject({ spec: { pause: [BOB] } });
  });

  it('takes out those of others only where that is said', async () => {
    const { cluster, resume } = on(BOB);
    expect(await resume('coredns')).toEqual({
      code: 2,
      out: '',
      err: 'error: anna has not paused coredns; it is paused by bob until 2026-03-02T06:00:00Z: upgrade. --by takes out the pauses of one person, --all-entries all of them\n',
    });
    expect(cluster.patched).toEqual([]);
    expect((await resume('coredns --by bob --dry-run')).code).toBe(0);
    expect((await resume('coredns --all-entries')).code).toBe(0);
    expect(cluster.patched.at(-1)).toMatchObject({ dryRun: false, body: { spec: { pause: [] } } });
  });

  it('has nothing to do where nothing is paused', async () => {
    expect(await on().resume('')).toEqual({
      code: 0,
      out: 'dnshealthpolicy/coredns: Is not paused by an entry.\n',
      err: '',
    });
  });

  describe('of all policies', () => {
    const paused = (by: string | undefined) => {
      const stage = on();
      const annotations = { 'dnshealth.io/pause': 'outage', ...(by && { 'dnshealth.io/pause-by': by }) };
      stage.cluster.answers.set(NAMESPACE, { metadata: { name: 'dnshealth-system', annotations } });
      return stage;
    };
    const removed = {
      metadata: { annotations: { 'dnshealth.io/pause': null, 'dnshealth.io/pause-by': null } },
    };

    it.each(['anna', undefined])('takes out the switch of %s', async (by) => {
      const { resume, left } = paused(by);
      expect((await resume('--all-policies')).code).toBe(0);
      expect(left()).toMatchObject(removed);
    });

    it('leaves that of another person, unless it is said', async () => {
      const { resume, left } = paused('bob');
      expect((await resume('--all-policies')).err).toBe(
        'error: all policies were paused by bob: outage; --by bob or --all-entries takes that out\n',
      );
      expect(left()).toBeUndefined();
      await resume('--all-policies --by bob');
      expect(left()).toMatchObject(removed);
    });
  });

  it.each([
    ['coredns --by bob --all-entries', 'give --by or --all-entries, but not both'],
    ['coredns --all-policies', 'name a policy, or resume all with --all-policies, but not both'],
  ])('does not do it, and says why: %s', async (args, why) => {
    expect(await on(ANNA).resume(args)).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
  });
});
