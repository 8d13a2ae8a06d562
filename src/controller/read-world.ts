/** Reads what one decision needs: the remediation and its node live, everything else from the caches. */

import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { runOfJob } from '../observe/agent-run.ts';
import type { ObservedRemediation } from '../observe/custom-resources.ts';
import type { ObservedNode } from '../observe/node.ts';
import { parseNode } from '../observe/node.ts';
import type { Ownership } from '../observe/ownership.ts';
import type { World } from '../remediation/world.ts';
import type { Stores } from './stores.ts';
import { podsOf, viewOf } from './workloads.ts';

export interface ReadWorld {
  readonly world: World;
  readonly node: ObservedNode | null;
}

export async function readWorld(
  kube: KubeClient,
  stores: Stores,
  ownership: Ownership,
  remediation: ObservedRemediation,
  signal: AbortSignal,
): Promise<ReadWorld> {
  const { workload } = remediation.spec.settings;
  const [node, pods] = await Promise.all([
    readNodeOf(kube, remediation, signal),
    podsOf(workload, stores, ownership, signal),
  ]);
  // By uid here too: the Job of a deleted remediation of the same name stands until it is collected.
  const job = stores.jobs
    .list()
    .find(
      (candidate) =>
        candidate.remediation === remediation.name && candidate.ownerUIDs.includes(remediation.uid),
    );
  const ours = stores.agentPods.list().filter((pod) => pod.remediation === remediation.name);
  // By uid: a pod that only carries our labels was not made by our Job.
  const jobPod = job && ours.find((pod) => pod.ownerUIDs.includes(job.uid));
  const proofPod = ours.find((pod) => pod.role === 'prove' && pod.ownerUIDs.includes(remediation.uid));
  const others = stores.remediations.list().filter((other) => other.uid !== remediation.uid);
  return {
    node,
    world: {
      node,
      repairJob: job ? runOfJob(job, jobPod ?? null) : null,
      proofPod: proofPod ?? null,
      dnsPods: pods.map((pod) => viewOf(pod, workload)),
      remediations: [...others, remediation],
    },
  };
}

/** null where the node is gone or another one has taken its name. */
async function readNodeOf(
  kube: KubeClient,
  remediation: ObservedRemediation,
  signal: AbortSignal,
): Promise<ObservedNode | null> {
  const { name, uid } = remediation.spec.node;
  const path = `/api/v1/nodes/${encodeURIComponent(name)}`;
  const raw = await nullIfNotFound(kube.raw.request({ method: 'GET', path, signal }));
  const node = raw === null ? null : parseNode(raw);
  return node?.uid === uid ? node : null;
}
