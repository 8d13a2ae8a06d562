import { describe, expect, it } from 'vitest';
import { aRemediation, aRepairReport, aStatus, isoAt } from '../../../test/support/objects/builders.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedRecord } from '../../../test/support/objects/stored-objects.ts';
import type { RemediationStatus } from '../../api/remediation.ts';

const change = {
  path: '/etc/kubernetes/kubelet-config.yaml',
  line: 7,
  before: 'resolvConf: /etc/resolv.conf',
  after: 'resolvConf: /run/systemd/resolve/resolv.conf',
  sha256Before: 'a',
  sha256After: 'b',
  backup: '/var/lib/x',
};
const healed = { phase: 'Healed', repair: aRepairReport({ change }), finishedAt: isoAt(9) } as const;
const on = (status: Partial<RemediationStatus>, annotations = {}) => {
  const record = aRemediation({ name: 'one', status: aStatus(status) });
  const cluster = askedCluster({ records: [storedRecord(record, annotations)] });
  const rollback = async (...args: readonly string[]) =>
    runPlugin('', { args: ['rollback', 'one', ...args], cluster });
  return { cluster, rollback };
};

describe('rollback', () => {
  it('says what it does to the node, and asks with reason and user together', async () => {
    const { cluster, rollback } = on(healed);
    expect(await rollback('--reason', 'the old one is wanted')).toEqual({
      code: 0,
      out: [
        'dnsremediation/one: Restores /etc/kubernetes/kubelet-config.yaml on node node-1 as it was before, restarts its kubelet once, and labels the node dnshealth.io/exclude=true, as anna.',
        'dnsremediation/one: Asked. The operator answers with a DNSRemediation of its own.',
        '',
      ].join('\n'),
      err: '',
    });
    expect(cluster.patched.at(-1)).toMatchObject({
      dryRun: false,
      body: {
        metadata: {
          annotations: {
            'dnshealth.io/rollback': 'the old one is wanted',
            'dnshealth.io/rollback-by': 'anna',
          },
        },
      },
    });
  });

  it('says that it was asked before', async () => {
    const annotations = { 'dnshealth.io/rollback': 'x', 'dnshealth.io/rollback-by': 'anna' };
    expect((await on(healed, annotations).rollback('--reason', 'x')).out).toBe(
      'dnsremediation/one: Was asked before with this reason.\n',
    );
  });

  it.each<[string, Partial<RemediationStatus>, string]>([
    ['was rolled back', { ...healed, rolledBackBy: 'two' }, 'one was rolled back already, by two'],
    ['runs', { ...healed, phase: 'Verifying' }, 'one is not over (Verifying): ask again when it is'],
    [
      'changed nothing',
      { phase: 'Refused', finishedAt: isoAt(9) },
      'one changed nothing on its node, so there is nothing to take back',
    ],
  ])('does not ask for a repair that %s', async (_what, status, why) => {
    const { cluster, rollback } = on(status);
    expect(await rollback('--reason', 'x')).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
    expect(cluster.patched).toEqual([]);
  });

  it('does not ask without a reason', async () => {
    expect((await on(healed).rollback()).err).toBe(
      'error: say why with --reason "...": others will read it\n',
    );
  });
});
