/** The Job that changes something on a node, by a repair or a rollback: fixed program, fixed mounts, pinned to the node. No field of a custom resource reaches its command. */
import type { V1Job } from '@kubernetes/client-node';
import {
  AGENT_CONTAINER,
  GUARD_CONTAINER,
  type GuardRequest,
  HAND_OVER_DIRECTORY,
  KUBELET_DIRECTORIES,
  type KubeletDirectory,
  type RepairRequest,
  type RollbackRequest,
} from '../api/agent-protocol.ts';
import type { KubeClient } from '../kube/client.ts';
import { ETC, type HostDirectory, kubeletDirectory, PROGRAMS, STATE } from './host-directories.ts';
import { jobsPath, nodeJob } from './node-job.ts';
import { createOnce, type NodeProgram, ownLabels } from './node-pod.ts';

/** How long the finished Job and its log can still be read. */
const TTL_SECONDS = 3600;

export interface ChangeJobRequest {
  readonly remediation: { readonly name: string; readonly uid: string };
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: RepairRequest | RollbackRequest;
}

/** Always mounted, to be read. Every kubelet creates its directory for device plugins there, whatever its --root-dir. */
const ALWAYS_MOUNTED: readonly KubeletDirectory[] = ['/var/lib/kubelet'];
/** By which the agent says to its guard that it ends; in memory, a few bytes. */
const HAND_OVER = {
  volumes: [{ name: 'hand-over', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
  volumeMounts: [{ name: 'hand-over', mountPath: HAND_OVER_DIRECTORY }],
};

/** Creates the Job, once. @throws NotOursError if one of a deleted remediation still has its name */
export async function startChange(
  kube: KubeClient,
  request: ChangeJobRequest,
  signal: AbortSignal,
): Promise<void> {
  await createOnce(kube, jobsPath, changeJob(request), request.remediation, signal);
}

/** The manifest, exported for the test that checks it. */
export function changeJob({ remediation, agent, ...job }: ChangeJobRequest): V1Job {
  return nodeJob({
    ...job,
    name: remediation.name,
    labels: ownLabels(remediation.name, agent.verb),
    owner: remediation,
    programs: programsOf(agent),
    directories: directoriesOf(agent),
    own: HAND_OVER,
    isCritical: true,
    ttlSeconds: TTL_SECONDS,
  });
}

/**
 * The agent first: the guard starts while it reads the node, and is there before the kubelet is restarted. Not an init
 * container and a main one: the guard would then be started by the kubelet that is in doubt.
 */
function programsOf(agent: ChangeJobRequest['agent']): readonly NodeProgram[] {
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
function directoriesOf({ writable }: ChangeJobRequest['agent']): readonly HostDirectory[] {
  const kubelet = KUBELET_DIRECTORIES.filter(
    (path) => writable.includes(path) || ALWAYS_MOUNTED.includes(path),
  );
  return [ETC, ...kubelet.map((path) => kubeletDirectory(path, writable)), ...PROGRAMS, STATE];
}
