/** The Job that inspects a node: that of a repair, but every directory is mounted to be read only. */
import type { V1Job } from '@kubernetes/client-node';
import { AGENT_CONTAINER, type InspectRequest } from '../api/agent-protocol.ts';
import type { InspectionOrigin } from '../api/inspection-origin.ts';
import { INSPECTION_ANNOTATION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { ETC, type HostDirectory, kubeletDirectory, PROGRAMS, STATE } from './host-directories.ts';
import { jobsPath, nodeJob } from './node-job.ts';
import { createOnce, ownLabels } from './node-pod.ts';

/** Normally it is deleted when it was read; this is for an operator that was away. */
const TTL_SECONDS = 600;

/** Of an incident, which owns the Job and is deleted with it, or of a node without one. */
type InspectionOf =
  | {
      readonly kind: 'incident';
      readonly remediation: { readonly name: string; readonly uid: string };
      /** The node was repaired before: its journals are there. A pod that mounts them elsewhere never starts. */
      readonly wasRepaired: boolean;
    }
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
export function inspectJob({ of, agent, ...job }: InspectJobRequest): V1Job {
  return nodeJob({
    ...job,
    labels: ownLabels(of.kind === 'incident' ? of.remediation.name : undefined, 'inspect'),
    ...(of.kind === 'incident'
      ? { owner: of.remediation }
      : { annotations: { [INSPECTION_ANNOTATION]: JSON.stringify(of.origin) } }),
    programs: [{ name: AGENT_CONTAINER, request: agent }],
    directories: of.kind === 'incident' && of.wasRepaired ? [...DIRECTORIES, JOURNALS] : DIRECTORIES,
    // It can wait until the node has room.
    isCritical: false,
    ttlSeconds: TTL_SECONDS,
  });
}
