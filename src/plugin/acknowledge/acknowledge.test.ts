import { describe, expect, it } from 'vitest';
import { aRemediation, aRepairReport, at, isoAt } from '../../../test/support/objects/builders.ts';
import { kubeError } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, CUSTOM, storedRecord } from '../../../test/support/objects/stored-objects.ts';
import type { Phase } from '../../api/remediation.ts';
import { KubeError } from '../../kube/errors.ts';

const ended = (name: string, phase: Phase, more: Parameters<typeof aRemediation>[0] = {}) =>
  storedRecord(aRemediation({ name, status: { phase, reason: 'Because', finishedAt: isoAt(9) }, ...more }));
const failed = ended('failed', 'Failed');
const healed = ended('healed', 'Healed');
const refused = ended('refused', 'Refused');
const running = storedRecord(aRemediation({ name: 'running', status: { phase: 'Repairing' } }));
const before = ended('before', 'Failed', { acknowledged: true });

const on = (records: readonly ReturnType<typeof ended>[]) => {
  const cluster = askedCluster({ records });
  const acknowledge = async (args: string) => runPlugin(`acknowledge ${args}`, { cluster });
  return { cluster, acknowledge };
};
const ACKNOWLEDGED = { 'dnshealth.io/acknowledged': 'true' };

describe('acknowledge', () => {
  it('says what it does, asks the API server first, and writes upon the version that it read', async () => {
    const { cluster, acknowledge } = on([failed]);
    expect(await acknowledge('failed')).toEqual({
      code: 0,
      out: [
        'dnsremediation/failed: Acknowledges that the repair of node node-1 ended as Failed (Because).',
        'dnsremediation/failed: Acknowledged.',
        '',
      ].join('\n'),
      err: '',
    });
    const body = { metadata: { annotations: ACKNOWLEDGED, resourceVersion: '7' } };
    const path = `${CUSTOM}/dnsremediations/failed`;
    expect(cluster.patched).toEqual([
      { path, body, dryRun: true },
      { path, body, dryRun: false },
    ]);
  });

  it('takes with --all those that need it', async () => {
    const { cluster, acknowledge } = on([failed, healed, refused, running, before]);
    expect((await acknowledge('--all')).code).toBe(0);
    const written = cluster.patched.filter(({ dryRun }) => !dryRun);
    expect(written.map(({ path }) => path.split('/').at(-1))).toEqual(['failed', 'refused']);
    expect(await acknowledge('--all --policy other')).toEqual({
      code: 0,
      out: 'Nothing has to be acknowledged.\n',
      err: '',
    });
  });

  describe('of the first repair of a rollout, whose node failed again while it was watched', () => {
    const canary = ended('canary', 'Healed', {
      status: {
        phase: 'Healed',
        reason: 'Verified',
        steps: [{ name: 'Quarantine', startedAt: isoAt(2) }],
        repair: aRepairReport(),
        finishedAt: isoAt(9),
      },
    });
    const again = storedRecord(
      aRemediation({
        name: 'again',
        uid: 'again',
        createdAt: at(20),
        status: { phase: 'Pending', reason: 'BreakerOpen' },
      }),
    );
    const said = [
      'dnsremediation/canary: Acknowledges that the repair of node node-1 healed it and did not last.',
      'dnsremediation/canary: Acknowledged.',
      '',
    ].join('\n');

    it.each(['canary', '--all'])('does what the message of the breaker says: %s', async (args) => {
      const { cluster, acknowledge } = on([canary, again]);
      expect(await acknowledge(args)).toEqual({ code: 0, out: said, err: '' });
      expect(cluster.patched.at(-1)).toMatchObject({
        path: `${CUSTOM}/dnsremediations/canary`,
        body: { metadata: { annotations: ACKNOWLEDGED } },
        dryRun: false,
      });
    });

    it('refuses it while nothing failed there again', async () => {
      const { acknowledge } = on([canary]);
      expect(await acknowledge('canary')).toMatchObject({
        code: 2,
        err: expect.stringContaining('nobody has to'),
      });
    });
  });

  it('writes nothing with --dry-run', async () => {
    const { cluster, acknowledge } = on([failed]);
    const { code, out } = await acknowledge('failed --dry-run');
    expect([code, out]).toEqual([0, expect.stringContaining('Accepted by the API server, not written')]);
    expect(cluster.patched.every(({ dryRun }) => dryRun)).toBe(true);
  });

  it('has nothing to do where it was done before', async () => {
    const { cluster, acknowledge } = on([before]);
    expect((await acknowledge('before')).out).toBe('dnsremediation/before: Was acknowledged before.\n');
    expect(cluster.patched).toEqual([]);
  });

  it.each([
    ['healed', 'error: healed ended as Healed, which nobody has to acknowledge\n'],
    ['running', 'error: running is not over (Repairing), so there is nothing to acknowledge yet\n'],
    ['faild', 'error: there is no DNSRemediation faild: did you mean failed?\n'],
    ['', 'error: name a DNSRemediation, or take all with --all; kubectl dnshealth status lists them\n'],
    ['failed --all', 'error: name DNSRemediations, or select them with --all and --policy, but not both\n'],
  ])('does not do it, and says why: %s', async (args, err) => {
    const { cluster, acknowledge } = on([failed, healed, running]);
    cluster.answers.set(`${CUSTOM}/dnsremediations/faild`, kubeError(404, 'NotFound'));
    expect(await acknowledge(args)).toEqual({ code: 2, out: '', err });
    expect(cluster.patched).toEqual([]);
  });

  it('writes none of several where one of them is refused', async () => {
    const { cluster, acknowledge } = on([failed, healed]);
    expect((await acknowledge('failed healed')).code).toBe(2);
    expect(cluster.patched.filter(({ dryRun }) => !dryRun)).toEqual([]);
  });

  it('tries again when the record was written in between, and decides on what is there then', async () => {
    const { cluster, acknowledge } = on([failed]);
    const path = `${CUSTOM}/dnsremediations/failed`;
    cluster.beforePatch = () => {
      cluster.beforePatch = () => {};
      cluster.answers.set(path, { ...failed, metadata: { ...failed.metadata, resourceVersion: '8' } });
      throw kubeError(409, 'Conflict');
    };
    expect((await acknowledge('failed')).code).toBe(0);
    expect(cluster.patched.map(({ body }) => body)).toEqual(
      Array.from({ length: 2 }, () => ({ metadata: { annotations: ACKNOWLEDGED, resourceVersion: '8' } })),
    );
  });

  it('names the missing right and the role that holds it', async () => {
    const { cluster, acknowledge } = on([failed]);
    cluster.beforePatch = () => {
      throw new KubeError({
        code: 403,
        reason: 'Forbidden',
        verb: 'patch',
        what: 'dnsremediations/failed',
        message:
          'dnsremediations.dnshealth.io "failed" is forbidden: User "anna" cannot patch resource "dnsremediations"',
      });
    };
    expect((await acknowledge('failed')).err).toBe(
      'error: no permission to patch dnsremediations/failed: User "anna" cannot patch resource "dnsremediations"; the ClusterRole dnshealth-approver holds that right: kubectl create clusterrolebinding dnshealth-approver --clusterrole=dnshealth-approver --user=anna\n',
    );
  });

  it('repeats what admission says', async () => {
    const { cluster, acknowledge } = on([failed]);
    cluster.beforePatch = () => {
      throw new KubeError({
        code: 422,
        reason: 'Invalid',
        verb: 'patch',
        what: 'dnsremediations/failed',
        message:
          "dnsremediations.dnshealth.io \"failed\" is forbidden: ValidatingAdmissionPolicy 'answers' with binding 'answers' denied request: Only anna may sign for anna.",
      });
    };
    expect((await acknowledge('failed')).err).toBe(
      'error: the API server refused to patch dnsremediations/failed: Only anna may sign for anna. (admission policy answers)\n',
    );
  });
});
