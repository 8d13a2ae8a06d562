import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, at, isoAt } from '../../../test/support/objects/builders.ts';
import { kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { askedCluster, storedPolicy, storedRecord } from '../../../test/support/objects/stored-objects.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { withRequests } from './plan-requests.ts';

const request = (node: string, by = 'anna') => ({ node, by, at: isoAt(0) });
const node = (name: string) => ({ metadata: { name } });
const on = (status?: Partial<RemediationStatus>) => {
  const record = aRemediation({ name: 'open', node: 'node-2', status: aStatus(status) });
  const cluster = askedCluster({
    policies: [storedPolicy('coredns')],
    records: status ? [storedRecord(record)] : [],
  });
  cluster.answers.set('/api/v1/nodes', { items: [node('node-1'), node('node-2')] });
  for (const name of ['node-1', 'node-2']) cluster.answers.set(`/api/v1/nodes/${name}`, node(name));
  cluster.answers.set('/api/v1/nodes/node-3', kubeError(404, 'NotFound'));
  const plan = async (args: string) => runPlugin(`plan ${args}`, { cluster, now: () => at(0) });
  return { cluster, plan };
};
const requested = (body: unknown): unknown => {
  const { metadata } = body as { metadata: { annotations: Record<string, string> } };
  return JSON.parse(metadata.annotations['dnshealth.io/plan-requests'] ?? '');
};

describe('plan', () => {
  it('asks the operator in the name of the user, once for each node', async () => {
    const { cluster, plan } = on();
    const { code, out } = await plan('node-1 node-2 node-1');
    expect([code, out]).toEqual([
      0,
      [
        'dnshealthpolicy/coredns: Asks for plans for node-1, node-2 as anna. Nothing is changed on a node.',
        'dnshealthpolicy/coredns: Asked. The plan is printed by: kubectl dnshealth plan node-1 node-2 --wait',
        '',
      ].join('\n'),
    ]);
    expect(requested(cluster.patched.at(-1)?.body)).toEqual([request('node-1'), request('node-2')]);
  });

  it('shows the plan of an incident that is open already, because no second one is made', async () => {
    const { cluster, plan } = on({ phase: 'AwaitingApproval', plan: aPlan() });
    const { code, out } = await plan('node-2');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^node-2 {2}Set resolvConf to .*\n[^]* {2}-resolvConf: \/etc\/resolv\.conf\n[^]* {2}It waits for an approval: kubectl dnshealth approve open\n$/,
    );
    expect(cluster.patched).toEqual([]);
  });

  it('says in which phase an incident without a plan is, and has names for scripts', async () => {
    const { plan } = on({ phase: 'Repairing', reason: 'JobRuns', message: 'The Job runs.' });
    expect(await plan('node-2')).toMatchObject({
      code: 1,
      out: 'node-2  Repairing (JobRuns): The Job runs.\n',
    });
    const { out, err } = await plan('node-1 node-2 -o json');
    expect(JSON.parse(out)).toEqual({
      plans: [
        {
          node: 'node-2',
          record: 'open',
          phase: 'Repairing',
          reason: 'JobRuns',
          message: 'The Job runs.',
          plan: null,
        },
      ],
    });
    expect(err).toContain('Asks for a plan for node-1');
  });

  it('leaves a node that may not be read to the operator', async () => {
    const { cluster, plan } = on();
    cluster.answers.set('/api/v1/nodes/node-1', kubeError(403, 'Forbidden'));
    expect((await plan('node-1')).code).toBe(0);
  });

  it.each([
    ['node-3', 'there is no node node-3: did you mean node-1 or node-2?'],
    ['node-1 --policy corends', 'there is no DNSHealthPolicy corends: did you mean coredns?'],
    ['node-1 --timeout soon', '--timeout "soon" is not a duration such as 30s or 10m'],
    ['', "missing required argument 'node'"],
  ])('does not ask, and says why: %s', async (args, why) => {
    const { cluster, plan } = on();
    cluster.answers.set('/apis/dnshealth.io/v1alpha1/dnshealthpolicies/corends', kubeError(404, 'NotFound'));
    expect(await plan(args)).toEqual({ code: 2, out: '', err: `error: ${why}\n` });
    expect(cluster.patched).toEqual([]);
  });
});

describe('the requests on a policy', () => {
  it('stay when one is added', () => {
    const there = JSON.stringify([request('node-9', 'bob')]);
    expect(JSON.parse(withRequests(there, [request('node-1')]) ?? '')).toEqual([
      request('node-9', 'bob'),
      request('node-1'),
    ]);
  });

  it('are not repeated for the same user', () => {
    const there = JSON.stringify([{ ...request('node-1'), at: isoAt(-60) }]);
    expect(withRequests(there, [request('node-1')])).toBeNull();
    expect(withRequests(there, [request('node-1', 'bob')])).not.toBeNull();
  });

  it('are not lost where they cannot be read', () => {
    expect(() => withRequests('[{', [request('node-1')])).toThrow('cannot be read: remove it');
  });
});
