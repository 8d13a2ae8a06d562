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
import { type AgentJob, type AgentPod, parseAgentJob, parseAgentPod } from './agent-run.ts';
import { type DnsPod, parseDnsPod } from './dns-pod.ts';

const listSchema = z.object({ items: z.array(z.unknown()) });

/** The Jobs of an incident and the pods of it, by the name of its remediation. */
export async function liveAgentRuns(
  kube: KubeClient,
  remediation: string,
  signal: AbortSignal,
): Promise<{ readonly jobs: readonly AgentJob[]; readonly pods: readonly AgentPod[] }> {
  const ofIt = `${REMEDIATION_LABEL}=${remediation}`;
  const [jobs, ...pods] = await Promise.all([
    list(kube, `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`, ofIt, signal),
    ...[NODE_NAMESPACE, CHECK_NAMESPACE].map(async (namespace) =>
      list(kube, podsIn(namespace), ofIt, signal),
    ),
  ]);
  return { jobs: jobs.map(parseAgentJob), pods: pods.flat().map(parseAgentPod) };
}

/** The DNS pods, each one once, although it may have the labels of both selectors. */
export async function liveDnsPods(kube: KubeClient, signal: AbortSignal): Promise<readonly DnsPod[]> {
  const lists = await Promise.all(
    DNS_SELECTORS.map(async (selector) => list(kube, podsIn(DNS_NAMESPACE), selector, signal)),
  );
  const pods = lists.flat().map(parseDnsPod);
  return [...new Map(pods.map((pod) => [pod.uid, pod])).values()];
}

const podsIn = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

async function list(
  kube: KubeClient,
  path: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  return listSchema.parse(await kube.raw.request({ method: 'GET', path, query: { labelSelector }, signal }))
    .items;
}
