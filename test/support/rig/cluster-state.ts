/** The state of a rig's cluster that tests read and restore. */
import { CHECK_ANNOTATION, NODE_NAMESPACE } from '../../../src/api/keys.ts';
import type { PolicyStatus } from '../../../src/api/policy/status.ts';
import { FINAL_PHASES, type RemediationSpec, type RemediationStatus } from '../../../src/api/remediation.ts';
import { hasCondition, type Pod } from '../../cluster/api-client.ts';
import { spreadDnsPods } from '../../cluster/dns/coredns-workload.ts';
import { GOOD_RESOLV_CONF } from '../../cluster/node/kubelet-files.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { justChecked } from './node-checks.ts';

export interface RemediationObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly creationTimestamp: string };
  readonly spec: RemediationSpec;
  readonly status?: RemediationStatus;
}

interface NodeObject {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string; readonly effect: string }[];
  };
}

const CUSTOM = '/apis/dnshealth.io/v1alpha1';
const FINAL: ReadonlySet<string> = new Set(FINAL_PHASES);

export async function remediations(rig: Rig): Promise<readonly RemediationObject[]> {
  return (await rig.api.json<{ items: RemediationObject[] }>(`${CUSTOM}/dnsremediations`)).items;
}

export async function nodeObject(rig: Rig, name: string): Promise<NodeObject> {
  return rig.api.json<NodeObject>(`/api/v1/nodes/${name}`);
}

export async function policyStatus(rig: Rig): Promise<PolicyStatus | undefined> {
  return (await rig.api.json<{ status?: PolicyStatus }>(`${CUSTOM}/dnshealthpolicies/coredns`)).status;
}

/** What `kubectl get dnshealth coredns -o wide` shows, by the title of the column. */
export async function policyColumns(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await rig.kubectl(['get', 'dnshealth', 'coredns', '-o', 'wide']);
  const [header = '', row = ''] = stdout.split('\n');
  const titles = [...header.matchAll(/\S+(?: \S+)*/g)];
  return Object.fromEntries(
    titles.map(({ 0: title, index }, at) => [title, row.slice(index, titles[at + 1]?.index).trim()]),
  );
}

/** Waits until the remediation of a node satisfies a condition, and returns it. */
export async function untilRemediation(
  rig: Rig,
  node: string,
  what: string,
  accept: (remediation: RemediationObject) => boolean,
  timeoutMs = 180_000,
): Promise<RemediationObject> {
  return until(
    async () => (await remediations(rig)).find((one) => one.spec.node.name === node && accept(one)),
    { what: `the remediation of ${node} ${what}`, timeoutMs, everyMs: 50 },
  );
}

/** The Jobs of repairs, rollbacks and inspections that exist. */
export async function nodeJobs(rig: Rig): Promise<readonly unknown[]> {
  return (await rig.api.json<{ items: unknown[] }>(`/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`)).items;
}

/** Waits until an attempt on a node has ended for a reason that passes by itself and the node is released. */
export async function untilRetrying(
  rig: Rig,
  node: string,
): Promise<RemediationObject & { status: RemediationStatus }> {
  const waiting = await untilRemediation(
    rig,
    node,
    'to wait for its next attempt',
    ({ status }) => status?.nextAttempt !== undefined && status.quarantine === undefined,
    300_000,
  );
  if (!waiting.status) throw new Error('the remediation waits without a status');
  return { ...waiting, status: waiting.status };
}

/** The minutes until the next attempt are over. */
export async function nextAttemptIsDue(rig: Rig, node: string): Promise<void> {
  const { metadata } = await untilRetrying(rig, node);
  const patch = JSON.stringify({ status: { nextAttempt: new Date().toISOString() } });
  await rig.kubectl([
    'patch',
    'dnsrem',
    metadata.name,
    '--subresource=status',
    '--type=merge',
    `--patch=${patch}`,
  ]);
}

/** Waits until the remediation of a node has ended and the node is released, or held on purpose. */
export async function untilEnded(
  rig: Rig,
  node: string,
  timeoutMs = 300_000,
): Promise<RemediationObject & { status: RemediationStatus }> {
  const ended = await untilRemediation(
    rig,
    node,
    'to end',
    ({ status }) =>
      status !== undefined &&
      FINAL.has(status.phase) &&
      (status.hold !== undefined || status.quarantine?.heldSince === undefined),
    timeoutMs,
  );
  if (!ended.status) throw new Error('the remediation has ended without a status');
  return { ...ended, status: ended.status };
}

/**
 * Cordon, taints and our annotations and labels of a node: without the taints that Kubernetes' own controllers manage, and
 * without the record of its checks, which says nothing about scheduling.
 */
export async function scheduling(
  rig: Rig,
  name: string,
): Promise<{ unschedulable: boolean; taints: string[]; ours: string[] }> {
  const node = await nodeObject(rig, name);
  return {
    unschedulable: node.spec.unschedulable ?? false,
    taints: (node.spec.taints ?? [])
      .map(({ key, effect }) => `${key}:${effect}`)
      .filter((taint) => !taint.startsWith('node.kubernetes.io/'))
      .toSorted(),
    ours: Object.keys({ ...node.metadata.annotations, ...node.metadata.labels })
      .filter((key) => key.startsWith('dnshealth.io/') && key !== CHECK_ANNOTATION)
      .toSorted(),
  };
}

/**
 * Restores the state in which a test may begin: no policy, no remediation, nodes schedulable with the correct
 * resolvConf and checked just now, a Ready CoreDNS pod on each node.
 */
export async function restoreCluster(rig: Rig): Promise<void> {
  await rig.kubectl(['delete', 'dnshealthpolicies', '--all', '--wait=true'], { allowFailure: true });
  await rig.kubectl(['delete', 'dnsremediations', '--all', '--wait=true'], { allowFailure: true });
  await until(
    async () => {
      const holders = await Promise.all(rig.nodes.map((node) => scheduling(rig, node.name)));
      return holders.every(({ ours }) => ours.length === 0) || undefined;
    },
    { what: 'the operator to release all nodes' },
  );
  for (const { name } of rig.nodes) {
    await rig.kubectl(['uncordon', name]);
    if ((await rig.resolvConf(name)) === GOOD_RESOLV_CONF) continue;
    await rig.setResolvConf(name, GOOD_RESOLV_CONF);
    await rig.restartKubelet(name);
  }
  await freshDns(rig);
  await justChecked(rig);
}

/** New CoreDNS pods, unless each node has exactly one, which is Ready and never restarted. */
async function freshDns(rig: Rig): Promise<void> {
  const pods = await rig.dnsPods();
  const isSpread = rig.nodes.every(
    ({ name }) => pods.filter(({ spec }) => spec.nodeName === name).length === 1,
  );
  const isFresh = (pod: Pod) =>
    hasCondition(pod, 'Ready') &&
    pod.status.containerStatuses?.every(({ restartCount }) => restartCount === 0) === true;
  if (!isSpread || pods.length !== rig.nodes.length || !pods.every(isFresh)) await spreadDnsPods(rig);
}
