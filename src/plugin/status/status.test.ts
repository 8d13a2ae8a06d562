import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { type FakeKube, fakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
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
  readonly namespace?: object;
}
const cluster = ({
  policies = [aPolicy()],
  remediations = [],
  lease = aLease(98),
  pods,
  namespace,
}: Cluster = {}): FakeKube =>
  fakeKube({
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies': { items: policies },
    '/apis/dnshealth.io/v1alpha1/dnsremediations': { items: remediations.map(raw) },
    [LEASE]: lease,
    [PODS]: pods ?? { items: [aRawDnsPod()] },
    ...(namespace && { '/api/v1/namespaces/dnshealth-system': namespace }),
  });
const status = async (parts: Cluster = {}, args = '') =>
  runPlugin(`status ${args}`, { cluster: cluster(parts), now: () => NOW });

describe('status', () => {
  it('shows the policy and its DNS pods, and is well when they are', async () => {
    const { code, out, err } = await status();
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      [
        'POLICY    MODE     WORKLOAD             DNS   ANSWERING   LOOPING   NODES    DRIFTED   WAITING   QUARANTINED   REPAIRED   LAST REPAIR',
        'coredns   Repair   Deployment/coredns   2/2   <none>      0         <none>   <none>    0         0             1          12s ago',
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

  it('shows what waits for an approval, until when, and how to answer; and who approved what waits now', async () => {
    const remediations = [
      aRemediation({
        name: 'a',
        status: {
          phase: 'AwaitingApproval',
          reason: 'AwaitingApproval',
          message: 'A plan waits for an approval.',
          waitingSince: isoAt(40),
          plan: aPlan(),
        },
      }),
      aRemediation({
        name: 'b',
        node: 'node-2',
        status: {
          reason: 'OutsideWindow',
          message: 'The next window opens at 22:00.',
          waitingSince: isoAt(70),
          plan: aPlan(),
          approval: { hash: 'first', by: 'anna', at: isoAt(60) },
        },
      }),
    ];
    const { code, out } = await status({ remediations });
    expect(code).toBe(1);
    expect(out.slice(out.indexOf('Waiting:'))).toBe(
      [
        'Waiting:',
        '  node-2  Pending (OutsideWindow), waits for 30s, began 100s ago, DNSRemediation b',
        '    The next window opens at 22:00.',
        '    Approved by anna.',
        '',
        'Waiting for your approval:',
        '  node-1  AwaitingApproval, waits for 60s, began 100s ago, DNSRemediation a',
        '    Plan 1: Set resolvConf to /run/systemd/resolve/resolv.conf, and restart the kubelet.',
        `    It expires in 23h, at ${isoAt(10 + 86_400)}.`,
        '    To see the change and to approve it: kubectl dnshealth approve a',
        '    To reject it: kubectl dnshealth reject a --reason ...',
        '',
      ].join('\n'),
    );
  });

  it('does not count as needing you what a person wanted to end in that way', async () => {
    const ended = (name: string, reason: string, phase: 'Refused' | 'RolledBack') =>
      aRemediation({ name, status: { phase, reason, finishedAt: isoAt(9) } });
    const remediations = [ended('a', 'Rejected', 'Refused'), ended('b', 'RolledBackOnRequest', 'RolledBack')];
    expect((await status({ remediations })).code).toBe(0);
  });

  it('shows what people did to a node in quarantine, and who asked for a plan', async () => {
    const { spec } = aRemediation();
    const { policy, node, cause, settings } = spec;
    const interference = [{ at: isoAt(20), what: 'Cordoned' as const, message: 'Someone cordoned node-1.' }];
    const request = { by: 'anna', at: isoAt(0) };
    const asked: Remediation = {
      ...aRemediation({ status: { phase: 'Planning', interference } }),
      spec: { policy, node, cause, settings, trigger: 'Request', request },
    };
    expect((await status({ remediations: [asked] })).out).toContain(
      'Running:\n  node-1  Planning, began 100s ago, DNSRemediation node-1-incident\n    Asked for by anna.\n    Someone cordoned node-1.\n',
    );
  });

  it('shows who has paused what, and how that ends; a pause that is over is none', async () => {
    const pause = [
      { by: 'bob', reason: 'upgrade', until: isoAt(400) },
      { by: 'eve', reason: 'over', until: isoAt(100) },
    ];
    const annotations = { 'dnshealth.io/pause': 'outage', 'dnshealth.io/pause-by': 'anna' };
    const { code, out } = await status({
      policies: [{ ...aPolicy(), spec: { pause } }],
      namespace: { metadata: { name: 'dnshealth-system', annotations } },
    });
    expect(code).toBe(0);
    expect(out).toContain(
      [
        'Paused:',
        '  all policies  by anna: outage',
        '    To end it: kubectl dnshealth resume --all-policies',
        '  coredns  by bob, for another 5m: upgrade',
        '    To end your own: kubectl dnshealth resume coredns',
        '',
      ].join('\n'),
    );
    expect(out).not.toContain('eve');
  });

  it('says that it cannot be seen whether all policies are paused', async () => {
    expect((await status({ namespace: kubeError(403, 'Forbidden') })).out).toContain(
      'Whether all policies are paused is not known: no permission to get the namespace dnshealth-system.\n',
    );
  });

  it('is not well while the breaker is open, and is where nobody is to blame', async () => {
    const open = 'Repairs are stopped.';
    const conditions = (breaker: string) => [
      condition('Ready', 'True', 'It is in force.'),
      condition('Progressing', 'False', 'Nothing is done.'),
      condition('Degraded', breaker, open),
      condition('Paused', 'True', 'Paused by anna.'),
      condition('BreakerOpen', breaker, open),
      condition('AwaitingApproval', 'False', 'No plan waits.'),
    ];
    const on = async (breaker: string) =>
      status({ policies: [aPolicy({ conditions: conditions(breaker) })] });
    expect(await on('False')).toMatchObject({
      code: 0,
      out: expect.stringContaining('\nReady: True. It is in force.\n\n'),
    });
    expect(await on('True')).toMatchObject({
      code: 1,
      out: expect.stringContaining(`Ready: True. It is in force.\nDegraded: True. ${open}\n\n`),
    });
  });

  it('counts how incidents have ended', async () => {
    const totals = { healed: 12, planned: 3, rolledBack: 1 };
    expect((await status({ policies: [aPolicy({ totals })] })).out).toContain(
      '\nEnded so far: 12 healed, 3 planned, 1 rolled back.\n',
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
    expect(Object.keys(printed)).toEqual([
      'operator',
      'pauseOfAll',
      'policies',
      'dnsPods',
      'incidents',
      'notShown',
    ]);
    expect(Object.keys(printed.incidents)).toEqual(['running', 'awaitApproval', 'waiting', 'needAttention']);
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
