/** The operator on a rig, scraped by a real Prometheus: each alert is fired by what it is about, told by Alertmanager, and resolved. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewDnsPods } from '../../cluster/dns/coredns-workload.ts';
import { until } from '../../cluster/until.ts';
import { withoutData } from '../../support/monitoring/dashboard-data.ts';
import type { DiscoveredPod } from '../../support/monitoring/scrape-config.ts';
import { startWatcher, type Watcher } from '../../support/monitoring/watcher.ts';
import { startReceiver, type TestReceiver } from '../../support/network/receiver.ts';
import { restoreCluster, untilRemediation } from '../../support/rig/cluster-state.ts';
import { proveAllNodes } from '../../support/rig/drifting-node.ts';
import { rigOfThisWorker } from '../../support/rig/e2e-rig.ts';
import { installFrailKubelet, removeFrailKubelet, setFrailty } from '../../support/rig/frail-kubelet.ts';
import {
  editPolicy,
  OPERATOR_NAMESPACE,
  PROJECT_ROOT,
  waitForOperator,
} from '../../support/rig/installation.ts';
import { checkedLongAgo } from '../../support/rig/node-checks.ts';
import { loopInPlace } from '../../support/rig/node-files.ts';
import { startPlugin } from '../../support/rig/plugin.ts';
import { removeReceivers, setReceivers } from '../../support/rig/receivers.ts';

const rig = rigOfThisWorker();
const NODES = rig.nodes.map(({ name }) => name);
const POLICY = { policy: 'coredns' };

let watcher: Watcher;
let refuses: TestReceiver;
let startedAt: number;

const inSystem = async (...args: readonly string[]) => rig.kubectl(['-n', OPERATOR_NAMESPACE, ...args]);
const onAllNodes = async (act: (node: string) => Promise<unknown>) => Promise.all(NODES.map(act));
const pods = async () =>
  (await rig.api.json<{ readonly items: readonly DiscoveredPod[] }>('/api/v1/pods')).items;

interface Answer {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
}
const query = async (expr: string) => (await watcher.ask<Answer>('query', { query: expr })).result;
const untilSeries = async (expr: string, count: number) =>
  until(async () => ((await query(expr)).length === count ? true : undefined), {
    what: `${count} series of ${expr}`,
  });

/** What the webhook is told of an alert, once it fires. */
const firing = async (alert: string, labels: Readonly<Record<string, string>> = {}) =>
  (await watcher.untilFiring(alert, labels)).annotations;
/** Every value of its sentences is there, and its link leads to a page that test/support/monitoring/runbooks.test.ts knows. */
const wellTold = () => ({
  summary: expect.not.stringMatching(/<no value>|\{\{|NaN/),
  runbook_url: expect.stringMatching(/\/docs\/runbooks\/DNSHealth\w+\.md$/),
});
/** Once the last word about each alert is that it is resolved. */
const resolved = async (...names: readonly string[]): Promise<number> => {
  for (const alert of names) await watcher.untilResolved(alert);
  return names.length;
};

/** Two who are told: one that refuses, and one at whose address nobody listens. */
const receiversFile = (away: string): string =>
  `receivers: [{name: refuses, url: "${refuses.url}"}, {name: away, url: "${away}"}]`;

beforeAll(async () => {
  await restoreCluster(rig);
  await onAllNodes(async (node) => installFrailKubelet(rig, node));
  refuses = await startReceiver({ address: rig.plan.primary.hostLink.host });
  refuses.answer = (response) => response.writeHead(400).end();
  watcher = await startWatcher(pods);
  startedAt = Date.now();
  await setReceivers(rig, receiversFile(`http://${rig.plan.primary.hostLink.host}:9/hook`));
  await proveAllNodes(rig, { mode: 'Observe', prober: { intervalSeconds: 5 } });
  await untilSeries('dnshealth_notification_receivers == 2', 2);
  await untilSeries('dnshealth_dns_pods_answering == 2', 1);
});
afterAll(async () => {
  await watcher.stop();
  await refuses.close();
  await rig.kubectl(['apply', '-k', `${PROJECT_ROOT}/config/default`]);
  await waitForOperator(rig);
  await removeReceivers(rig);
  await onAllNodes(async (node) => removeFrailKubelet(rig, node));
  await restoreCluster(rig);
});

it('both replicas are scraped as the PodMonitor says, and one of them leads', async () => {
  await untilSeries('leader_election_master_status', 2);
  const series = await query('leader_election_master_status');
  for (const { metric } of series)
    expect(metric).toMatchObject({
      namespace: 'dnshealth-system',
      container: 'operator',
      job: 'dnshealth-system/dnshealth-operator',
      endpoint: 'http',
      pod: expect.stringMatching(/^dnshealth-operator-/),
    });
  expect(series.map(({ value: [, leads] }) => leads).toSorted()).toEqual(['0', '1']);
});

describe('a forwarding loop on both nodes', () => {
  it('is told of while the policy only observes: DNS is down, a loop is not repaired, nodes have drifted', async () => {
    await onAllNodes(async (node) => loopInPlace(rig, node));
    expect(await firing('DNSHealthNoPodAnswers', { ...POLICY, severity: 'critical' })).toMatchObject(
      wellTold(),
    );
    expect(await firing('DNSHealthLoopNotRepaired', POLICY)).toMatchObject(wellTold());
    await onAllNodes(async (node) => checkedLongAgo(rig, node));
    expect(await firing('DNSHealthNodesDrifted', { reason: 'Drifted' })).toMatchObject(wellTold());
  });

  let failedOn: string;

  it('is told of when its repair is rolled back, which halts the rollout', async () => {
    await onAllNodes(async (node) => setFrailty(rig, node, 'ends 1'));
    await editPolicy(rig, { mode: 'Repair' });
    expect(await firing('DNSHealthRepairFailed', { ...POLICY, outcome: 'RolledBack' })).toMatchObject(
      wellTold(),
    );
    expect(await firing('DNSHealthRolloutHalted', POLICY)).toMatchObject(wellTold());
    failedOn = await until(
      async () => {
        const { stdout } = await rig.kubectl(['get', 'dnsrem', '--output=json']);
        const { items } = JSON.parse(stdout) as {
          items: { spec: { node: { name: string } }; status?: { phase: string } }[];
        };
        return items.find(({ status }) => status?.phase === 'RolledBack')?.spec.node.name;
      },
      { what: 'the node whose repair was rolled back' },
    );
  });

  it('resolves all of these alerts once that is acknowledged and both nodes are healed', async () => {
    const healed = async (node: string) =>
      untilRemediation(rig, node, 'to heal it', ({ status }) => status?.phase === 'Healed');
    await onAllNodes(async (node) => setFrailty(rig, node, 'well'));
    // The new DNS pod of the node that is healed first must be placed there.
    await rig.kubectl(['cordon', failedOn]);
    const { code, err } = await startPlugin(rig, ['acknowledge', '--all', '--policy', 'coredns']).ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await healed(NODES.find((node) => node !== failedOn) ?? '');
    await rig.kubectl(['uncordon', failedOn]);
    await renewDnsPods(rig, failedOn);
    await healed(failedOn);
    expect(await resolved('DNSHealthNoPodAnswers', 'DNSHealthLoopNotRepaired', 'DNSHealthNodesDrifted')).toBe(
      3,
    );
    expect(await resolved('DNSHealthRepairFailed', 'DNSHealthRolloutHalted')).toBe(2);
  });
});

describe('receivers of notifications', () => {
  it('that refuse, or cannot be reached, are told of', async () => {
    expect(await firing('DNSHealthNotificationsLost', { receiver: 'refuses' })).toMatchObject(wellTold());
    expect(await firing('DNSHealthNotificationsWait', { receiver: 'away' })).toMatchObject(wellTold());
  });

  it('of a file with a mistake are told of, and all is resolved by a file that names one who listens', async () => {
    await setReceivers(rig, receiversFile('nowhere'));
    expect(await firing('DNSHealthReceiversInvalid')).toMatchObject(wellTold());
    const listens = await startReceiver({ address: rig.plan.primary.hostLink.host });
    try {
      await setReceivers(rig, receiversFile(listens.url));
      expect(await resolved('DNSHealthReceiversInvalid')).toBe(1);
      expect(await resolved('DNSHealthNotificationsWait')).toBe(1);
      expect(listens.received.length).toBeGreaterThan(0);
    } finally {
      await listens.close();
    }
  });
});

it('a DNS pod that does not answer is told of until it does', async () => {
  const [pod] = await rig.dnsPods(NODES[0]);
  const stop = ['kube-system', pod?.metadata.name ?? '', 'coredns'] as const;
  await rig.killContainer(...stop, 'SIGSTOP');
  expect(await firing('DNSHealthPodsDoNotAnswer', POLICY)).toMatchObject(wellTold());
  await rig.killContainer(...stop, 'SIGCONT');
  expect(await resolved('DNSHealthPodsDoNotAnswer')).toBe(1);
});

describe('the operator', () => {
  it('that may not write its Lease any more has no leader, until it may', async () => {
    await inSystem('delete', 'rolebinding', 'dnshealth-operator');
    expect(await firing('DNSHealthOperatorWithoutLeader')).toMatchObject(wellTold());
    await rig.kubectl(['apply', '-k', `${PROJECT_ROOT}/config/rbac`]);
    expect(await resolved('DNSHealthOperatorWithoutLeader')).toBe(1);
  });

  it('that is gone is missed, until it is back', async () => {
    await inSystem('scale', 'deployment/dnshealth-operator', '--replicas=0');
    expect(await firing('DNSHealthOperatorDown')).toMatchObject(wellTold());
    await inSystem('scale', 'deployment/dnshealth-operator', '--replicas=2');
    expect(await resolved('DNSHealthOperatorDown')).toBe(1);
    expect(await resolved('DNSHealthNotificationsLost')).toBe(1);
  });
});

it('the dashboard shows something of it in every panel', async () => {
  // A replica exports metrics before it has read the policies.
  await untilSeries('max by (policy) (dnshealth_policy_condition == 1)', 1);
  expect(await withoutData(watcher, { from: startedAt, to: Date.now() })).toEqual([]);
});
