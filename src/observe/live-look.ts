/** What the API server has now, for when the caches should show more than they do: a watch may be silent. */
import * as z from 'zod';
import {
  CHECK_NAMESPACE,
  DNS_NAMESPACE,
  DNS_SELECTORS,
  NODE_NAMESPACE,
  REMEDIATION_LABEL,
} from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { type AgentJob, type AgentPod, parseAgentJob, parseAgentPod } from './agent-run.ts';
import { type DnsPod, parseDnsPod } from './dns-pod.ts';

const podListSchema = z.object({ items: z.array(z.unknown()) });

/**
 * The Job of an incident and the pods of it.
 *
 * @param remediation its name, which is also the Job's
 */
export async function liveAgentRuns(
  kube: KubeClient,
  remediation: string,
  signal: AbortSignal,
): Promise<{ readonly jobs: readonly AgentJob[]; readonly pods: readonly AgentPod[] }> {
  const jobPath = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs/${remediation}`;
  const [job, ...pods] = await Promise.all([
    nullIfNotFound(kube.raw.request({ method: 'GET', path: jobPath, signal })),
    ...[NODE_NAMESPACE, CHECK_NAMESPACE].map(async (namespace) =>
      listPods(kube, namespace, `${REMEDIATION_LABEL}=${remediation}`, signal),
    ),
  ]);
  return {
    jobs: job === null ? [] : [parseAgentJob(job)],
    pods: pods.flat().map(parseAgentPod),
  };
}

/** The DNS pods, each one once, although it may have the labels of both selectors. */
export async function liveDnsPods(kube: KubeClient, signal: AbortSignal): Promise<readonly DnsPod[]> {
  const lists = await Promise.all(
    DNS_SELECTORS.map(async (selector) => listPods(kube, DNS_NAMESPACE, selector, signal)),
  );
  const pods = lists.flat().map(parseDnsPod);
  return [...new Map(pods.map((pod) => [pod.uid, pod])).values()];
}

async function listPods(
  kube: KubeClient,
  namespace: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  return podListSchema.parse(
    await kube.raw.request({ method: 'GET', path, query: { labelSelector }, signal }),
  ).items;
}
