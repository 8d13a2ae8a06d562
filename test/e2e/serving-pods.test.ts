/** Nodes on which a CoreDNS pod loops beside one that serves: what serves is neither taken down nor deleted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { hasCondition, type Pod } from '../cluster/api-client.ts';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { type RemediationObject, restoreCluster, untilRemediation } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODES = rig.nodes.map(({ name }) => name);
const COREDNS = ['-n', 'kube-system', 'deployment/coredns'];

const podsPath = '/api/v1/namespaces/kube-system/pods';
const remove = async (pods: readonly Pod[]): Promise<void> => {
  for (const { metadata } of pods) await rig.api.delete(`${podsPath}/${metadata.name}`);
};

/**
 * The scheduler has to keep the pods of a rollout even. Its own preference counts a pod that is being deleted, so that
 * now and then a replacement joins the two of the other node.
 */
const EVEN = [
  {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    matchLabelKeys: ['pod-template-hash'],
  },
];

async function runDns(replicas: number, topologySpreadConstraints: typeof EVEN | null): Promise<void> {
  const patch = { spec: { replicas, template: { spec: { topologySpreadConstraints } } } };
  await rig.kubectl(['patch', ...COREDNS, `--patch=${JSON.stringify(patch)}`]);
  await rig.kubectl(['rollout', 'status', ...COREDNS, '--timeout=90s']);
}

/** The pods of each node, once all are Ready; a pod that is being deleted is none of them. */
async function readyPods(perNode: number): Promise<ReadonlyMap<string, readonly Pod[]>> {
  return until(
    async () => {
      const pods = (await rig.dnsPods()).filter(
        (pod) => hasCondition(pod, 'Ready') && pod.metadata.deletionTimestamp === undefined,
      );
      const byNode = new Map(NODES.map((node) => [node, pods.filter((pod) => pod.spec.nodeName === node)]));
      return [...byNode.values()].every((own) => own.length === perNode) ? byNode : undefined;
    },
    { what: `${perNode} Ready CoreDNS pods on each node` },
  );
}

/**
 * The kubelet gets the wrong value; pods that run keep the resolv.conf they have, new ones loop.
 *
 * @returns the pods of each node, once the restarted kubelets call them Ready
 */
async function spoil(nodes: readonly string[]): Promise<ReadonlyMap<string, readonly Pod[]>> {
  for (const node of nodes) {
    await rig.setResolvConf(node, BAD_RESOLV_CONF);
    await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
  }
  // Before it has asked a pod, the API server may still show what the kubelet found before its restart.
  for (const pod of [...(await readyPods(2)).values()].flat()) await untilProbed(pod);
  return readyPods(2);
}

/** The kubelet, as long as it runs, has asked this pod whether it is ready, and heard yes. */
async function untilProbed({ metadata: { name, uid }, spec: { nodeName } }: Pod): Promise<void> {
  const path = `/api/v1/nodes/${nodeName}/proxy/metrics/probes`;
  await until(
    async () => {
      const { code, stdout } = await rig.kubectl(['get', '--raw', path], { allowFailure: true });
      return code === 0 && stdout.split('\n').some((line) => isSuccess(line, uid)) ? true : undefined;
    },
    { what: `the kubelet of ${nodeName} to ask ${name}` },
  );
}

const isSuccess = (line: string, uid: string): boolean =>
  ['prober_probe_total{', `pod_uid="${uid}"`, 'probe_type="Readiness"', 'result="successful"'].every((part) =>
    line.includes(part),
  );

async function untilHealed(node: string, known: ReadonlySet<string>): Promise<RemediationObject> {
  return untilRemediation(
    rig,
    node,
    'to be over',
    ({ metadata, status }) =>
      !known.has(metadata.uid) &&
      status?.finishedAt !== undefined &&
      status.quarantine?.heldSince === undefined,
    600_000,
  );
}

/** The lowest number of these pods that were Ready at the same time, until the work is over. */
async function lowestReady<T>(pods: ReadonlySet<string>, work: Promise<T>): Promise<[number, T]> {
  let isOver = false;
  let lowest = Number.POSITIVE_INFINITY;
  const over = work.finally(() => {
    isOver = true;
  });
  await until(
    async () => {
      const ready = (await rig.dnsPods()).filter(
        (pod) => pods.has(pod.metadata.uid) && hasCondition(pod, 'Ready'),
      );
      lowest = Math.min(lowest, ready.length);
      return isOver || undefined;
    },
    { what: 'both repairs', timeoutMs: 600_000, everyMs: 50 },
  );
  return [lowest, await over];
}

describe('two nodes, each with a looping CoreDNS pod beside one that serves, and a policy that allows two repairs at once', () => {
  let kept: readonly Pod[];
  let lowest: number;
  let repairs: readonly RemediationObject[];

  beforeAll(async () => {
    await restoreCluster(rig);
    await runDns(4, EVEN);
    const before = await readyPods(2);
    await applyPolicy(rig, { limits: { maxConcurrent: 2 } });
    // Until a first repair has healed its node, they are made one at a time anyway.
    const [canary = ''] = NODES;
    await spoil([canary]);
    await remove((before.get(canary) ?? []).slice(0, 1));
    const first = await untilHealed(canary, new Set());
    if (first.status?.phase !== 'Healed') throw new Error(`${first.status?.phase}: ${first.status?.message}`);

    await readyPods(2);
    const pods = [...(await spoil(NODES)).values()];
    kept = pods.flatMap((own) => own.slice(0, 1));
    const known = new Set([first.metadata.uid]);
    await remove(pods.flatMap((own) => own.slice(1)));
    const both = Promise.all(NODES.map((node) => untilHealed(node, known)));
    [lowest, repairs] = await lowestReady(new Set(kept.map(({ metadata }) => metadata.uid)), both);
  });
  afterAll(async () => {
    await runDns(2, null);
    await restoreCluster(rig);
  });

  it('are both healed', () => {
    expect(repairs.map(({ status }) => status?.phase)).toEqual(NODES.map(() => 'Healed'));
  });

  it('are repaired one after the other, because each has the only pod that serves during the repair of the other', () => {
    const time = (status: RemediationStatus | undefined, step: string): string =>
      status?.steps.find(({ name }) => name === step)?.finishedAt ?? '';
    const [first, second] = repairs
      .map(({ status }) => ({ from: time(status, 'Quarantine'), to: time(status, 'Release') }))
      .toSorted((a, b) => (a.from < b.from ? -1 : 1));
    expect((first?.to ?? '') < (second?.from ?? '')).toBe(true);
  });

  it('are never without a Ready one of the two pods that served', () => {
    expect(lowest).toBeGreaterThan(0);
  });

  it('keep the pods that served: only those that looped are deleted', async () => {
    const deleted = repairs.flatMap(({ status }) => status?.deletedPods.map(({ uid }) => uid) ?? []);
    expect(deleted).toHaveLength(2);
    const left = (await rig.dnsPods()).map(({ metadata }) => metadata.uid);
    for (const { metadata } of kept) {
      expect(deleted).not.toContain(metadata.uid);
      expect(left).toContain(metadata.uid);
    }
  });
});
