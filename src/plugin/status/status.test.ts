import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { type FakeKube, fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aRawDnsPod } from '../../../test/support/objects/raw-objects.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import type { Remediation } from '../../remediation/world.ts';
import { listed, nodesStatus, PENDING } from './testing/nodes-status.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases/dnshealth-operator';
const PODS = '/api/v1/namespaces/kube-system/pods';
const NOW = at(100);

const raw = ({ name, uid, createdAt, spec, status, acknowledged }: Remediation) => ({
  metadata: {
    name,
    uid,
    creationTimestamp: new Date(createdAt).toISOString(),
    ...(acknowledged ? { annotations: { 'dnshealth.io/acknowledged': 'true' } } : {}),
  },
  spec,
  status,
});
const condition = (type: string, status: string, message: string) => ({
  type,
  status,
  reason: 'X',
  message,
  lastTransitionTime: isoAt(0),
});
const aPolicy = (status: object = {}) => ({
  metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: isoAt(-1000) },
  spec: {},
  status: {
    conditions: [condition('Healthy', 'True', 'All DNS pods are ready.')],
    dnsPods: { total: 2, ready: 2, looping: 0, summary: '2/2' },
    repaired: 1,
    lastRepairTime: isoAt(88),
    ...status,
  },
});
const aLease = (renewedAt: number) => ({
  metadata: { name: 'dnshealth-operator', uid: 'l', resourceVersion: '1' },
  spec: { holderIdentity: 'dnshealth-operator-1', renewTime: isoAt(renewedAt) },
});

interface Cluster {
  readonly policies?: readonly object[];
  readonly remediations?: readonly Remediation[];
  readonly lease?: object;
  readonly pods?: object;
}
const cluster = ({
  policies = [aPolicy()],
  remediations = [],
  lease = aLease(98),
  pods,
}: Cluster = {}): FakeKube =>
  fakeKube({
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies': { items: policies },
    '/apis/dnshealth.io/v1alpha1/dnsremediations': { items: remediations.map(raw) },
    [LEASE]: lease,
    [PODS]: pods ?? { items: [aRawDnsPod()] },
  });
const status = async (parts: Cluster = {}, args = '') =>
  runPlugin(`status ${args}`, { cluster: cluster(parts), now: () => NOW });

describe('status', () => {
  it('shows the policy and its DNS pods, and is well when they are', async () => {
    const { code, out, err } = await status();
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      [
        'POLICY    MODE     WORKLOAD             DNS   ANSWERING   LOOPING   NODES    DRIFTED   QUARANTINED   REPAIRED   LAST REPAIR',
        'coredns   Repair   Deployment/coredns   2/2   <none>      0         <none>   <none>    0             1          12s ago',
        'Healthy: True. All DNS pods are ready.',
        '',
        'DNS pods:',
        'NAME           NODE     READY   RESTARTS   LAST DEATH           AGE',
        'coredns-sick   node-1   no      0          Error (1) 100s ago   110s',
        '',
      ].join('\n'),
    );
  });

  it('shows what runs, what waits and why, and what needs you with the advice and the command', async () => {
    const remediations = [
      aRemediation({ name: 'a', node: 'node-1', status: { phase: 'Repairing' } }),
      aRemediation({
        name: 'b',
        node: 'node-2',
        status: { reason: 'OtherNodeUnderRepair', message: 'Waiting: node-1 is being repaired first.' },
      }),
      aRemediation({
        name: 'c',
        node: 'node-3',
        status: {
          phase: 'Refused',
          reason: 'TargetMissing',
          message: 'No target.',
          advice: 'Start it.',
          finishedAt: isoAt(9),
        },
      }),
      aRemediation({
        name: 'd',
        node: 'node-4',
        acknowledged: true,
        status: { phase: 'Failed', finishedAt: isoAt(9) },
      }),
      aRemediation({ name: 'e', node: 'node-5', status: { phase: 'Healed', finishedAt: isoAt(9) } }),
    ];
    const { code, out } = await status({ remediations });
    expect(code).toBe(1);
    expect(out.slice(out.indexOf('Running:'))).toBe(
      [
        'Running:',
        '  node-1  Repairing, began 100s ago, DNSRemediation a',
        '',
        'Waiting:',
        '  node-2  Pending (OtherNodeUnderRepair), began 100s ago, DNSRemediation b',
        '    Waiting: node-1 is being repaired first.',
        '',
        'Needs you:',
        '  node-3  Refused (TargetMissing), began 100s ago, DNSRemediation c',
        '    No target.',
        '    Advice: Start it.',
        '    When that is done: kubectl dnshealth acknowledge c',
        '',
      ].join('\n'),
    );
  });

  it('shows what the prober learns, where it is on', async () => {
    const dnsPods = { total: 2, ready: 2, looping: 0, summary: '2/2', answering: 1, answeringSummary: '1/2' };
    const prober = { intervalSeconds: 30, askedAt: isoAt(80), service: 'DoesNotAnswer', notAskable: 1 };
    const { out } = await status({ policies: [aPolicy({ dnsPods, prober })] });
    expect(out).toMatch(/Deployment\/coredns {3}2\/2 {3}1\/2 /);
    expect(out).toContain(
      'Prober:\n  coredns: asks each DNS pod every 30s (last noted 20s ago). The cluster DNS Service does not answer. 1 DNS pods cannot be asked from where the operator runs.\n',
    );
  });

  it('shows of a node that keeps drifting what may have written the value, and who still has it', async () => {
    const refused = aRemediation({
      status: {
        phase: 'Refused',
        reason: 'RepairedTooOften',
        message: 'Something writes it.',
        rewrittenBy: [
          { explanation: 'CloudInit', confidence: 'medium', evidence: [], change: [] },
          { explanation: 'Unknown', confidence: 'low', evidence: [], change: [] },
        ],
        otherPods: { total: 1, pods: [], message: 'One other pod keeps it.' },
        finishedAt: isoAt(9),
      },
    });
    const { out } = await status({ remediations: [refused] });
    expect(out).toContain(
      '    Something writes it.\n    What may have written the wrong value: CloudInit (medium).\n    One other pod keeps it.\n',
    );
  });

  it('shows how many nodes were checked, and which are not known to be well', async () => {
    const nodes = nodesStatus([listed('node-3', 'Drifted', 'New pods are given 127.0.0.53 (class stub).')]);
    const { code, out } = await status({ policies: [aPolicy({ nodes })] });
    expect(code).toBe(1);
    expect(out).toMatch(/ NODES {3}DRIFTED .*\n.* 4\/5 {5}1 /);
    expect(out).toContain(
      [
        'Nodes:',
        '  4 of 5 nodes are checked. On 1 of them the next CoreDNS pod would loop.',
        '  node-3  Drifted for 60s',
        '    New pods are given 127.0.0.53 (class stub).',
        '',
      ].join('\n'),
    );
  });

  it('is well where nodes are not checked, or cannot be', async () => {
    const nodes = { ...nodesStatus([listed('node-3', 'CheckFailed', 'No image.')]), drifted: 0 };
    const { code, out } = await status({ policies: [aPolicy({ nodes })] });
    expect(code).toBe(0);
    expect(out).toContain(
      '4 of 5 nodes are checked. None of them makes CoreDNS loop.\n  node-3  CheckFailed',
    );
  });

  it.each([
    ['is a fault where the next start of the kubelet makes it wrong', 'PendingInFile', 1],
    ['is no fault where the file was corrected and is not yet in effect', 'NotYetInEffect', 0],
  ] as const)('shows files that the running kubelet has not read, which %s', async (_what, reason, code) => {
    const nodes = { ...nodesStatus([]), drifted: 0, filesDiffer: [{ ...PENDING, reason }] };
    const shown = await status({ policies: [aPolicy({ nodes })] });
    expect(shown.code).toBe(code);
    expect(shown.out).toContain(`  node-4  ${reason}, inspected 60s ago\n    The file sets the stub.\n`);
  });

  it('says how to list all nodes where there may be more than are shown', async () => {
    const many = Array.from({ length: 20 }, (_none, at) => listed(`node-${at}`, 'Drifted', 'Wrong.'));
    const { out } = await status({ policies: [aPolicy({ nodes: nodesStatus(many) })] });
    expect(out).toContain("  There may be more. All of them: kubectl get nodes -o custom-columns='NAME:");
  });

  it('shows observations with their advice', async () => {
    const observations = [
      {
        pod: 'coredns-sick',
        node: 'node-1',
        cause: 'UpstreamLoop',
        message: 'The query came back.',
        advice: 'Change the upstream.',
        lastSeen: isoAt(40),
      },
    ];
    const { out } = await status({ policies: [aPolicy({ observations })] });
    expect(out).toContain(
      'Observed:\n  node-1  UpstreamLoop, 60s ago, pod coredns-sick\n    The query came back.\n    Advice: Change the upstream.\n',
    );
  });

  it('is not well if a condition is not, or the operator is gone', async () => {
    const sick = aPolicy({ conditions: [condition('Healthy', 'False', 'One pod loops.')] });
    expect(await status({ policies: [sick] })).toMatchObject({
      code: 1,
      out: expect.stringContaining('Healthy: False. One pod loops.\n'),
    });
    expect(await status({ lease: aLease(-3600) })).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^The operator does not run; it was last seen 61m ago\. What follows may be out of date\.\n/,
      ),
    });
  });

  it('shows the rest where pods or the lease may not be read', async () => {
    const { code, out } = await status({
      pods: kubeError(403, 'Forbidden'),
      lease: kubeError(403, 'Forbidden'),
    });
    expect(code).toBe(0);
    expect(out).toMatch(
      /^POLICY .*Whether the operator runs is not known: .*\n.*The DNS pods are not listed: .*\n$/s,
    );
  });

  it('has stable names for scripts', async () => {
    const { out } = await status({ remediations: [aRemediation()] }, '-o json');
    const printed = JSON.parse(out);
    expect(Object.keys(printed)).toEqual(['operator', 'policies', 'dnsPods', 'incidents', 'notShown']);
    expect(printed.operator).toEqual({ leader: 'dnshealth-operator-1', lastRenewed: isoAt(98), runs: true });
    expect(printed.policies[0]).toMatchObject({
      name: 'coredns',
      mode: 'Repair',
      workload: 'Deployment/coredns',
    });
    expect(printed.incidents.waiting[0]).toMatchObject({ node: 'node-1', phase: 'Pending', seconds: 100 });
  });

  it('cannot do its work without the operator, or without a policy', async () => {
    expect(await runPlugin('status')).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^error: the operator is not installed in this cluster.*kubectl dnshealth diagnose/,
      ),
    });
    expect(await status({ policies: [] })).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: there is no DNSHealthPolicy, so the operator watches nothing/),
    });
  });

  it('prints lines when it watches, not objects', async () => {
    expect(await status({}, '--watch -o json')).toMatchObject({
      code: 2,
      err: 'error: --watch prints lines for people: leave out --output, or leave out --watch\n',
    });
  });
});
