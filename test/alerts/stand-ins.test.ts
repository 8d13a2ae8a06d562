/** The alerts whose causes take a rig too long, fired by the operator's process against an API server without nodes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECK_ANNOTATION, QUARANTINE_ANNOTATION } from '../../src/api/keys.ts';
import { parseNodeCheckRecord } from '../../src/api/node-check-record.ts';
import { until } from '../cluster/until.ts';
import { type HandDrivenCluster, startHandDrivenCluster } from '../integration/hand-driven-cluster.ts';
import { type CheckKubelets, startCheckKubelets } from '../support/apiserver/check-kubelets.ts';
import {
  type InstalledApiserver,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { startWatcher, type Watcher } from '../support/monitoring/watcher.ts';
import { answerTo, type DnsTestServer, framed, startDnsServer } from '../support/network/dns-server.ts';
import { type Fate, PROVEN } from '../support/objects/check-fates.ts';
import { HANG_MS } from '../support/patience.ts';

const POD_IP = '127.99.0.53';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MERGE = { contentType: 'application/merge-patch+json' } as const;

let server: InstalledApiserver;
let cluster: HandDrivenCluster;
let kubelets: CheckKubelets;
let operator: OperatorProcess;
let watcher: Watcher;
let dns: DnsTestServer;
/** Of the DNS pod. */
let isMute = true;
/** Of every check. */
let fate: Fate = PROVEN;

const ask = async (...asked: Parameters<InstalledApiserver['call']>) => {
  const { status, body } = await server.call(...asked);
  if (status > 299) throw new Error(`${asked[0]} ${asked[1]}: ${status} ${JSON.stringify(body)}`);
  return body;
};

/** As Prometheus would discover the process if it were a pod. */
const asPod = async () => [
  {
    metadata: {
      name: 'dnshealth-operator-1',
      namespace: 'dnshealth-system',
      labels: { 'app.kubernetes.io/name': 'dnshealth-operator' },
    },
    spec: {
      containers: [{ name: 'operator', ports: [{ name: 'http', containerPort: operator.healthPort }] }],
    },
    status: { phase: 'Running', podIP: '127.0.0.1' },
  },
];

beforeAll(async () => {
  server = await startInstalledApiserver();
  cluster = await startHandDrivenCluster(server);
  kubelets = await startCheckKubelets(server, { fate: () => fate, runsMs: () => 200 });
  const { spec } = await ask('GET', '/api/v1/namespaces/default/services/kubernetes');
  const answer = (query: Parameters<typeof answerTo>[0]) =>
    query.questions?.[0]?.name === 'kubernetes.default.svc.cluster.local'
      ? answerTo(query, { addresses: [spec.clusterIP] })
      : answerTo(query, { rcode: 'NXDOMAIN' });
  dns = await startDnsServer(
    {
      udp: (query, send) => (isMute ? undefined : send(answer(query))),
      tcp: (query, send) => (isMute ? undefined : send(framed(answer(query)))),
    },
    { address: POD_IP, port: 53 },
  );
  operator = await startOperator(server, { token: server.operatorToken });
  await operator.becomesReady();
  watcher = await startWatcher(asPod);
});
afterAll(async () => {
  await watcher.stop();
  await operator.remove();
  await dns.close();
  await kubelets.stop();
  await cluster.close();
  await server.stop();
});

const firing = async (alert: string, labels: Readonly<Record<string, string>> = {}) =>
  (await watcher.untilFiring(alert, labels)).annotations['summary'];
const resolved = async (alert: string): Promise<boolean> => {
  await watcher.untilResolved(alert);
  return true;
};

/** Takes rights out of a role of the operator. Returns what gives them back. */
async function takeAway(
  role: string,
  resource: string,
  ...verbs: readonly string[]
): Promise<() => Promise<void>> {
  const { metadata, ...rest } = await ask('GET', `${RBAC}/${role}`);
  const { resourceVersion: _old, ...known } = metadata;
  type Rule = { readonly resources: readonly string[]; readonly verbs: readonly string[] };
  const rules = rest.rules.map((rule: Rule) =>
    rule.resources.includes(resource)
      ? { ...rule, verbs: rule.verbs.filter((one) => !verbs.includes(one)) }
      : rule,
  );
  await ask('PUT', `${RBAC}/${role}`, { ...rest, metadata: known, rules });
  return async () => void (await ask('PUT', `${RBAC}/${role}`, { ...rest, metadata: known }));
}

it('DNSHealthPodsCannotBeAsked: nothing comes back from the address of the only DNS pod', async () => {
  await cluster.node('node-1');
  await cluster.servingPod('coredns-mute', 'node-1', POD_IP);
  await cluster.policy('coredns', { prober: { intervalSeconds: 5 }, canary: { watchSeconds: 0 } });
  expect(await firing('DNSHealthPodsCannotBeAsked', { policy: 'coredns' })).toContain('coredns');
  isMute = false;
  expect(await resolved('DNSHealthPodsCannotBeAsked')).toBe(true);
});

it('DNSHealthNodeHeld: the operator may not write nodes any more, twenty minutes after a quarantine began', async () => {
  await cluster.node('node-2');
  await cluster.loopingPod('coredns-sick', 'node-2');
  const { metadata } = await cluster.incident(
    'node-2',
    ({ status }) => status.quarantine?.heldSince !== undefined,
    'to hold its node',
  );
  const giveBack = await takeAway('clusterroles/dnshealth-operator', 'nodes', 'patch');
  // The time that passes is a stand-in: the annotation is set back.
  const { annotations } = (await ask('GET', '/api/v1/nodes/node-2')).metadata;
  const since = new Date(Date.now() - 20 * 60_000).toISOString();
  const record = JSON.stringify({ ...JSON.parse(annotations[QUARANTINE_ANNOTATION]), since });
  const patch = { metadata: { annotations: { [QUARANTINE_ANNOTATION]: record } } };
  await ask('PATCH', '/api/v1/nodes/node-2', patch, MERGE);
  expect(await firing('DNSHealthNodeHeld')).toMatch(/for 20m/);
  await giveBack();
  // Its incident is deleted: nobody owns the quarantine any more, and it is older than ten minutes.
  await cluster.removeIncident(metadata.name);
  expect(await resolved('DNSHealthNodeHeld')).toBe(true);
});

it('DNSHealthNodeChecksFail: three checks of a node in a row fail, because its nameservers do not answer', async () => {
  fate = { kind: 'reports', outcome: 'no-answer', class: 'ok' };
  await cluster.node('node-3');
  for (const failures of [1, 2, 3]) await untilChecked(({ failures: found }) => found === failures);
  expect(await firing('DNSHealthNodeChecksFail')).toMatch(/^The checks of 1 nodes keep failing/);
  fate = PROVEN;
  await checkedLongAgo();
  expect(await resolved('DNSHealthNodeChecksFail')).toBe(true);
});

type KnownOfNode = NonNullable<ReturnType<typeof parseNodeCheckRecord>>;

const recordOfCheck = async (): Promise<KnownOfNode | null> =>
  parseNodeCheckRecord(
    (await ask('GET', '/api/v1/nodes/node-3')).metadata.annotations?.[CHECK_ANNOTATION] ?? '',
  );

/** Then the next one is due: the hours between them are a stand-in. */
async function untilChecked(accept: (record: KnownOfNode) => boolean): Promise<void> {
  await until(
    async () => {
      const record = await recordOfCheck();
      return record && accept(record) ? true : undefined;
    },
    { what: 'the check of node-3', timeoutMs: HANG_MS, everyMs: 50 },
  );
  await checkedLongAgo();
}

async function checkedLongAgo(): Promise<void> {
  const record = await recordOfCheck();
  if (!record?.check) throw new Error('node-3 was not checked');
  const older = (time: string): string => new Date(Date.parse(time) - 7 * 3_600_000).toISOString();
  const { check } = record;
  const aged = {
    ...record,
    check: { ...check, startedAt: older(check.startedAt), endedAt: older(check.endedAt) },
  };
  const patch = { metadata: { annotations: { [CHECK_ANNOTATION]: JSON.stringify(aged) } } };
  await ask('PATCH', '/api/v1/nodes/node-3', patch, MERGE);
}

it('DNSHealthOperatorBlind: the right to watch its Jobs was taken away before a restart; five minutes are five minutes', async () => {
  const giveBack = await takeAway(
    'namespaces/dnshealth-node/roles/dnshealth-operator',
    'jobs',
    'list',
    'watch',
  );
  await operator.remove();
  operator = await startOperator(server, { token: server.operatorToken });
  expect(await firing('DNSHealthOperatorWithoutLeader')).toBe(
    'The operator runs, but none of its replicas leads.',
  );
  expect(await firing('DNSHealthOperatorBlind', { resource: 'jobs' })).toMatch(/nothing of jobs for 5m/);
  await giveBack();
  expect(await resolved('DNSHealthOperatorBlind')).toBe(true);
  expect(await resolved('DNSHealthOperatorWithoutLeader')).toBe(true);
});
