import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, at, isoAt } from '../../../test/support/objects/builders.ts';
import { kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedRecord } from '../../../test/support/objects/stored-objects.ts';
import type { RemediationStatus } from '../../api/remediation.ts';

const waiting = (name: string, node: string, status: Partial<RemediationStatus> = {}) =>
  storedRecord(
    aRemediation({ name, node, status: aStatus({ phase: 'AwaitingApproval', plan: aPlan(), ...status }) }),
  );
const one = waiting('one', 'node-1');
const two = waiting('two', 'node-2', { plan: aPlan({ hash: 'second' }) });
const on = (...records: readonly ReturnType<typeof waiting>[]) => {
  const cluster = askedCluster({ records });
  const approve = async (args: string, typed?: string) =>
    runPlugin(`approve ${args}`, { cluster, now: () => at(200), ...(typed === undefined ? {} : { typed }) });
  const written = () =>
    cluster.patched.flatMap(({ path, body, dryRun }) =>
      dryRun ? [] : [{ name: path.split('/').at(-1), body }],
    );
  return { cluster, approve, written };
};
const signed = (hash: string) => ({
  metadata: {
    annotations: { 'dnshealth.io/approved': hash, 'dnshealth.io/approved-by': 'anna' },
    resourceVersion: '7',
  },
});

describe('approve', () => {
  it('shows what would be changed, and approves exactly that in the name of the user', async () => {
    const { approve, written } = on(one);
    expect(await approve('one', 'y')).toEqual({
      code: 0,
      out: [
        'node-1  Set resolvConf to /run/systemd/resolve/resolv.conf, and restart the kubelet.',
        '  Record     one (policy coredns)',
        '  Why        The DNS pod coredns-sick on node-1 crashed in a forwarding loop.',
        '  File       /var/lib/kubelet/config.yaml, line 7',
        '  Target     /run/systemd/resolve/resolv.conf',
        '  Restarts   kubelet.service',
        '  Recreates  coredns-sick',
        '  Made       3m10s ago, plan 1',
        `  Expires    in 23h, at ${isoAt(10 + 86_400)}`,
        '  Hash       first',
        '  --- /var/lib/kubelet/config.yaml',
        '  +++ /var/lib/kubelet/config.yaml',
        '  @@ -7 +7 @@',
        '  -resolvConf: /etc/resolv.conf',
        '  +resolvConf: /run/systemd/resolve/resolv.conf',
        '',
        'dnsremediation/one: Approves plan 1 for node node-1 as anna.',
        'dnsremediation/one: Approved. The repair begins as soon as limits, windows and pauses allow it: kubectl dnshealth status --watch',
        '',
      ].join('\n'),
      err: 'Approve this plan? [y/N] ',
    });
    expect(written()).toEqual([{ name: 'one', body: signed('first') }]);
  });

  it.each(['n', '', 'yep'])('approves nothing where the answer is "%s"', async (typed) => {
    const { approve, cluster } = on(one);
    const { code, out } = await approve('one', typed);
    expect([code, out]).toEqual([1, expect.stringMatching(/\nNothing was approved\.\n$/)]);
    expect(cluster.patched).toEqual([]);
  });

  it('asks nobody with --yes, and without a terminal it has to be said', async () => {
    const { approve, written } = on(one);
    expect(await approve('one')).toMatchObject({
      code: 2,
      err: 'error: there is no terminal to ask for confirmation; --yes answers the question\n',
    });
    expect(written()).toEqual([]);
    expect((await approve('one --yes')).code).toBe(0);
    expect(written()).toHaveLength(1);
  });

  it('takes with --all the plans that wait, of one policy if that is said', async () => {
    const planned = waiting('planned', 'node-3', { phase: 'Planned' });
    const { approve, written } = on(one, two, planned);
    expect((await approve('--all', 'yes')).err).toBe('Approve these 2 plans? [y/N] ');
    expect(written().map(({ body }) => body)).toEqual([signed('first'), signed('second')]);
    expect(await approve('--all --policy other')).toEqual({
      code: 0,
      out: 'No plan waits for an approval.\n',
      err: '',
    });
  });

  it('does not approve a plan that was made again after it was shown', async () => {
    const { cluster, approve, written } = on(one);
    cluster.beforePatch = (path) => {
      cluster.beforePatch = () => {};
      const again = waiting('one', 'node-1', { plan: aPlan({ number: 2, hash: 'other' }) });
      cluster.answers.set(path, again);
      throw kubeError(409, 'Conflict');
    };
    expect(await approve('one --yes')).toMatchObject({
      code: 2,
      err: 'error: the plan of one was made again in the meantime (number 2), because the node has changed: look at it and approve that\n',
    });
    expect(written()).toEqual([]);
  });

  it('replaces the approval of an older plan, and signs for another person in the own name', async () => {
    const before = { 'dnshealth.io/approved': 'older', 'dnshealth.io/approved-by': 'bob' };
    const { approve, written } = on({ ...one, metadata: { ...one.metadata, annotations: before } });
    await approve('one --yes');
    expect(written()[0]?.body).toEqual(signed('first'));
  });

  it.each(['anna', 'bob'])('says that it was approved before, by %s', async (by) => {
    const before = { 'dnshealth.io/approved': 'first', 'dnshealth.io/approved-by': by };
    const { approve, cluster } = on({ ...one, metadata: { ...one.metadata, annotations: before } });
    expect((await approve('one --yes')).out).toMatch(/\ndnsremediation\/one: Was approved before\.\n$/);
    expect(cluster.patched).toEqual([]);
  });

  it.each<[string, Partial<RemediationStatus>, string]>([
    [
      'is being made',
      { phase: 'Planning', plan: undefined },
      'the plan for node node-1 is being made: try again in some seconds',
    ],
    [
      'is being made again',
      { phase: 'Planning' },
      'the plan for node node-1 is being made again, because the node has changed: try again in some seconds',
    ],
    [
      'expired',
      { plan: aPlan({ expiresAt: isoAt(199) }) },
      `the plan of one expired at ${isoAt(199)}: a new crash, or the next check that finds the node wrong, makes a new one`,
    ],
    [
      'was approved',
      { phase: 'Pending', reason: 'OutsideWindow', approval: { hash: 'first', by: 'bob', at: isoAt(20) } },
      `the plan of one was approved by bob at ${isoAt(20)} (Pending, OutsideWindow now)`,
    ],
    [
      'does not exist',
      { phase: 'Pending', plan: undefined },
      'one has no plan that waits for an answer (Pending)',
    ],
    ['ended', { phase: 'Expired' }, 'one ended as Expired, so there is no plan to answer'],
    [
      'is all that was wanted',
      { phase: 'Planned' },
      'one ended as Planned: nothing waits for an answer there. Under a policy in the mode Approve a plan can be approved',
    ],
  ])('cannot approve a plan that %s', async (_what, status, why) => {
    const { approve, cluster } = on(waiting('one', 'node-1', status));
    expect(await approve('one --yes')).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
    expect(cluster.patched).toEqual([]);
  });
});
