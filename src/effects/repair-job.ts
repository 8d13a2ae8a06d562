/** The node-side Job: fixed program, fixed mounts, pinned to the node. No field of a custom resource reaches its command. */
import type { V1Job } from '@kubernetes/client-node';
import {
  AGENT_CONTAINER,
  GUARD_CONTAINER,
  type GuardRequest,
  HAND_OVER_DIRECTORY,
  KUBELET_DIRECTORIES,
  type KubeletDirectory,
  type RepairRequest,
} from '../api/agent-protocol.ts';
import { NODE_NAMESPACE } from '../api/keys.ts';
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

/** How long the finished Job and its log can still be read. */
const TTL_SECONDS = 3600;

export interface RepairJobRequest {
  readonly remediation: { readonly name: string; readonly uid: string };
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: RepairRequest;
}

/** Always mounted, to be read. Every kubelet creates its directory for device plugins there, whatever its --root-dir. */
const ALWAYS_MOUNTED: readonly KubeletDirectory[] = ['/var/lib/kubelet'];
/** By which the agent says to its guard that it ends; in memory, a few bytes. */
const HAND_OVER = {
  volume: { name: 'hand-over', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
  mount: { name: 'hand-over', mountPath: HAND_OVER_DIRECTORY },
} as const;

/** Creates the Job, once. @throws NotOursError if one of a deleted remediation still has its name */
export async function startRepair(
  kube: KubeClient,
  request: RepairJobRequest,
  signal: AbortSignal,
): Promise<void> {
  await createOnce(kube, jobsPath, repairJob(request), request.remediation, signal);
}

/** The manifest, exported for the test that checks it. */
export function repairJob(request: RepairJobRequest): V1Job {
  const { remediation, node, image, agent } = request;
  const directories = directoriesOf(agent);
  const labels = ownLabels(remediation.name, 'repair');
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: remediation.name,
      namespace: NODE_NAMESPACE,
      labels,
      ownerReferences: ownedBy(remediation),
    },
    spec: {
      // The agent undoes its change itself, and only the plan decides whether it is started again.
      backoffLimit: 0,
      activeDeadlineSeconds: request.activeDeadlineSeconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          // A node whose CPU, memory or number of pods is used up has room for it.
          priorityClassName: 'system-node-critical',
          ...nodePodSpec(node, image, containersOf(agent), AGENT_SERVICE_ACCOUNT, {
            volumeMounts: [...directories.map(mount), HAND_OVER.mount],
            securityContext: AS_AGENT,
          }),
          volumes: [...directories.map(volume), HAND_OVER.volume],
        },
      },
    },
  };
}

/**
 * The agent first: the guard starts while it reads the node, and is there before the kubelet is restarted. Not an init
 * container and a main one: the guard would then be started by the kubelet that is in doubt.
 */
function containersOf(agent: RepairRequest) {
  const { nonce, remediation, writable, nodeIP } = agent;
  const own = { name: AGENT_CONTAINER, request: agent };
  // Without a restart there is no kubelet to watch.
  if (agent.restart === false) return [own];
  const guard: GuardRequest = {
    verb: 'guard',
    nonce,
    remediation,
    writable,
    ...(nodeIP === undefined ? {} : { nodeIP }),
  };
  return [own, { name: GUARD_CONTAINER, request: guard }];
}

/** Only the directories that the agent has to write are writable; others are mounted read-only, or not at all. */
function directoriesOf({ writable }: RepairRequest): readonly HostDirectory[] {
  const kubelet = KUBELET_DIRECTORIES.filter(
    (path) => writable.includes(path) || ALWAYS_MOUNTED.includes(path),
  );
  return [ETC, ...kubelet.map((path) => kubeletDirectory(path, writable)), ...PROGRAMS, STATE];
}
