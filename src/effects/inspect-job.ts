/** The Job that inspects a node: that of a repair, but every directory is mounted to be read only. */
import type { V1Job } from '@kubernetes/client-node';
import { AGENT_CONTAINER, type InspectRequest } from '../api/agent-protocol.ts';
import type { InspectionOrigin } from '../api/inspection-origin.ts';
import { INSPECTION_ANNOTATION, NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import {
  ETC,
  type HostDirectory,
  kubeletDirectory,
  mount,
  PROGRAMS,
  STATE,
  volume,
} from './host-directories.ts';
import { AGENT_SERVICE_ACCOUNT, AS_AGENT, jobsPath } from './node-job.ts';
import { createOnce, nodePodSpec, ownedBy, ownLabels } from './node-pod.ts';

/** Normally it is deleted when it was read; this is for an operator that was away. */
const TTL_SECONDS = 600;

/** Of an incident, which owns the Job and is deleted with it, or of a node without one. */
type InspectionOf =
  | { readonly kind: 'incident'; readonly remediation: { readonly name: string; readonly uid: string } }
  | { readonly kind: 'node'; readonly origin: InspectionOrigin };

export interface InspectJobRequest {
  readonly name: string;
  readonly of: InspectionOf;
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: InspectRequest;
}

export const incidentInspectionName = (remediation: string): string => `${remediation}-inspect`;

/**
 * Creates the Job, once: one that another leader has created in the meantime is taken for it.
 *
 * @throws NotOursError if one of a deleted remediation still has its name
 */
export async function startInspection(
  kube: KubeClient,
  request: InspectJobRequest,
  signal: AbortSignal,
): Promise<void> {
  const { of } = request;
  const owner = of.kind === 'incident' ? of.remediation : undefined;
  await createOnce(kube, jobsPath, inspectJob(request), owner, signal);
}

/** All of /etc, and therefore /etc/kubernetes; what the agent writes in a repair is not there. */
const DIRECTORIES: readonly HostDirectory[] = [ETC, kubeletDirectory('/var/lib/kubelet', []), ...PROGRAMS];
/** What earlier repairs left on the node. Not created where it is missing: an inspection leaves nothing behind. */
const JOURNALS: HostDirectory = { ...STATE, readOnly: true, type: 'Directory' };

/** The manifest, exported for the test that checks it. */
export function inspectJob({
  name,
  of,
  node,
  image,
  activeDeadlineSeconds,
  agent,
}: InspectJobRequest): V1Job {
  const isOfIncident = of.kind === 'incident';
  const directories = isOfIncident ? [...DIRECTORIES, JOURNALS] : DIRECTORIES;
  const labels = ownLabels(isOfIncident ? of.remediation.name : undefined, 'inspect');
  const annotations: Record<string, string> = isOfIncident
    ? {}
    : { [INSPECTION_ANNOTATION]: JSON.stringify(of.origin) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: NODE_NAMESPACE,
      labels,
      annotations,
      ...(isOfIncident && { ownerReferences: ownedBy(of.remediation) }),
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels, annotations },
        spec: {
          // Without the priority of a repair: an inspection can wait until the node has room.
          ...nodePodSpec(node, image, [{ name: AGENT_CONTAINER, request: agent }], AGENT_SERVICE_ACCOUNT, {
            volumeMounts: directories.map(mount),
            securityContext: AS_AGENT,
          }),
          volumes: directories.map(volume),
        },
      },
    },
  };
}
