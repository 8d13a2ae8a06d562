/** The Job that inspects a node without an incident: that of a repair, but every directory is mounted to be read only. */
import type { V1Job } from '@kubernetes/client-node';
import { AGENT_CONTAINER, type InspectRequest } from '../api/agent-protocol.ts';
import type { InspectionOrigin } from '../api/inspection-origin.ts';
import { INSPECTION_ANNOTATION, NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { ETC, kubeletDirectory, mount, PROGRAMS, volume } from './host-directories.ts';
import { AGENT_SERVICE_ACCOUNT, AS_AGENT, jobsPath } from './node-job.ts';
import { createOnce, nodePodSpec, ownLabels } from './node-pod.ts';

/** Normally it is deleted when it was read; this is for an operator that was away. */
const TTL_SECONDS = 600;

export interface InspectJobRequest {
  readonly name: string;
  readonly origin: InspectionOrigin;
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: InspectRequest;
}

/** Creates the Job, once: one that another leader has created for the node in the meantime is taken for it. */
export async function startInspection(
  kube: KubeClient,
  request: InspectJobRequest,
  signal: AbortSignal,
): Promise<void> {
  await createOnce(kube, jobsPath, inspectJob(request), undefined, signal);
}

/** All of /etc, and therefore /etc/kubernetes; what the agent writes in a repair is not there. */
const DIRECTORIES = [ETC, kubeletDirectory('/var/lib/kubelet', []), ...PROGRAMS];

/** The manifest, exported for the test that checks it. */
export function inspectJob({
  name,
  origin,
  node,
  image,
  activeDeadlineSeconds,
  agent,
}: InspectJobRequest): V1Job {
  const labels = ownLabels(undefined, 'inspect');
  const annotations = { [INSPECTION_ANNOTATION]: JSON.stringify(origin) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: NODE_NAMESPACE, labels, annotations },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels, annotations },
        spec: {
          // Without the priority of a repair: an inspection can wait until the node has room.
          ...nodePodSpec(node, image, [{ name: AGENT_CONTAINER, request: agent }], AGENT_SERVICE_ACCOUNT, {
            volumeMounts: DIRECTORIES.map(mount),
            securityContext: AS_AGENT,
          }),
          volumes: DIRECTORIES.map(volume),
        },
      },
    },
  };
}
