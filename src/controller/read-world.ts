/** Reads what one decision needs: the remediation and its node live, everything else from the caches. */
import { API_VERSION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { runOfJob } from '../observe/agent-run.ts';
import { parseRemediations } from '../observe/custom-resources.ts';
import { observeNode } from '../observe/node.ts';
import { anotherNodeTakesPods } from '../observe/other-nodes.ts';
import type { Ownership } from '../observe/ownership.ts';
import type { Remediation, World } from '../remediation/world.ts';
import type { Stores } from './stores.ts';
import { podsOf, viewOf } from './workloads.ts';

interface WorldSources {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
}

export async function readWorld(
  { kube, stores, ownership }: WorldSources,
  remediation: Remediation,
  signal: AbortSignal,
): Promise<World> {
  const { workload } = remediation.spec.settings;
  const [node, pods] = await Promise.all([
    observeNode(kube, remediation.spec.node.name, signal),
    podsOf(workload, stores, ownership, signal),
  ]);
  // By uid: the Job of a deleted remediation of the same name exists until it is garbage-collected.
  const job = stores.jobs
    .list()
    .find(
      (candidate) =>
        candidate.remediation === remediation.name && candidate.ownerUIDs.includes(remediation.uid),
    );
  const ours = stores.agentPods.list().filter((pod) => pod.remediation === remediation.name);
  // By uid: a pod that only carries our labels was not created by our Job.
  const jobPod = job && ours.find((pod) => pod.ownerUIDs.includes(job.uid));
  const proofPod = ours.find((pod) => pod.role === 'prove' && pod.ownerUIDs.includes(remediation.uid));
  const others = stores.remediations.list().filter((other) => other.uid !== remediation.uid);
  const isCordonedBefore = node?.unschedulable === true && remediation.status.quarantine === undefined;
  return {
    // The node may have been replaced by another one of the same name.
    node: node?.uid === remediation.spec.node.uid ? node : null,
    repairJob: job ? runOfJob(job, jobPod ?? null) : null,
    proofPod: proofPod ?? null,
    otherNodeTakesPods: !isCordonedBefore || (await anotherNodeTakesPods(kube, node.name, signal)),
    dnsPods: pods.map((pod) => viewOf(pod, workload)),
    remediations: [...others, remediation],
  };
}

/**
 * The same with the other remediations as they are now. The cache may not show yet that one of them was admitted: by this
 * operator a moment ago, or by the one that led before.
 */
export async function withLiveRemediations(
  kube: KubeClient,
  world: World,
  remediation: Remediation,
  signal: AbortSignal,
): Promise<World> {
  const all = parseRemediations(await kube.customResource(API_VERSION, 'dnsremediations').list(signal));
  return { ...world, remediations: [...all.filter(({ uid }) => uid !== remediation.uid), remediation] };
}
