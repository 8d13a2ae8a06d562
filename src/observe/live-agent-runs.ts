/** The Job and the pods of one incident as the API server has them now, for when the caches should show more than they do. */
import * as z from 'zod';
import { NODE_NAMESPACE, REMEDIATION_LABEL } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { type AgentJob, type AgentPod, parseAgentJob, parseAgentPod } from './agent-run.ts';

const podListSchema = z.object({ items: z.array(z.unknown()) });

/** @param remediation its name, which is also the Job's */
export async function liveAgentRuns(
  kube: KubeClient,
  remediation: string,
  signal: AbortSignal,
): Promise<{ readonly jobs: readonly AgentJob[]; readonly pods: readonly AgentPod[] }> {
  const jobPath = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs/${remediation}`;
  const [job, pods] = await Promise.all([
    nullIfNotFound(kube.raw.request({ method: 'GET', path: jobPath, signal })),
    kube.raw.request({
      method: 'GET',
      path: `/api/v1/namespaces/${NODE_NAMESPACE}/pods`,
      query: { labelSelector: `${REMEDIATION_LABEL}=${remediation}` },
      signal,
    }),
  ]);
  return {
    jobs: job === null ? [] : [parseAgentJob(job)],
    pods: podListSchema.parse(pods).items.map(parseAgentPod),
  };
}
