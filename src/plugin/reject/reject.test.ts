import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, at } from '../../../test/support/objects/builders.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedRecord } from '../../../test/support/objects/stored-objects.ts';

const on = (status: Parameters<typeof aStatus>[0], annotations = {}) => {
  const record = aRemediation({ name: 'one', status: aStatus({ plan: aPlan(), ...status }) });
  const cluster = askedCluster({ records: [storedRecord(record, annotations)] });
  const reject = async (...args: readonly string[]) =>
    runPlugin('', { args: ['reject', ...args], cluster, now: () => at(200) });
  return { cluster, reject };
};

describe('reject', () => {
  it('writes the reason and the user together', async () => {
    const { cluster, reject } = on({ phase: 'AwaitingApproval' });
    const { code, out } = await reject('one', '--reason', 'it is replaced tomorrow');
    expect([code, out]).toEqual([
      0,
      'dnsremediation/one: Rejects the plan for node node-1 as anna: it is replaced tomorrow\ndnsremediation/one: Rejected. The incident ends as Refused, and nothing is changed on the node.\n',
    ]);
    expect(cluster.patched.at(-1)).toMatchObject({
      dryRun: false,
      body: {
        metadata: {
          annotations: {
            'dnshealth.io/rejected': 'it is replaced tomorrow',
            'dnshealth.io/rejected-by': 'anna',
          },
        },
      },
    });
  });

  it('says that it was rejected before', async () => {
    const annotations = { 'dnshealth.io/rejected': 'no', 'dnshealth.io/rejected-by': 'anna' };
    const { cluster, reject } = on({ phase: 'Refused' }, annotations);
    expect((await reject('one', '--reason', 'no')).out).toBe(
      'dnsremediation/one: Was rejected before with this reason.\n',
    );
    expect(cluster.patched).toEqual([]);
  });

  it.each([
    [['one'], 'say why with --reason "...": others will read it'],
    [['one', '--reason', ' '], 'say why with --reason "...": others will read it'],
    [['one', '--reason', 'x'.repeat(1025)], '--reason has 1025 characters, and at most 1024 are kept'],
    [['one', '--reason', 'x'], 'one ended as Healed, so there is no plan to answer'],
    [['--reason', 'x'], "missing required argument 'remediation'"],
  ])('does not do it, and says why: %s', async (args, why) => {
    const { cluster, reject } = on({ phase: 'Healed' });
    expect(await reject(...args)).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
    expect(cluster.patched).toEqual([]);
  });
});
