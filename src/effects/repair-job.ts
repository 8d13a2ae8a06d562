/** The node-side Job: fixed program, fixed mounts, pinned to the node. No field of a custom resource reaches its command. */
import type { V1Job, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import {
  AGENT_CONTAINER,
  GUARD_CONTAINER,
  type GuardRequest,
  HAND_OVER_DIRECTORY,
  HOST_ROOT,
  KUBELET_DIRECTORIES,
  type KubeletDirectory,
  type RepairRequest,
  STATE_DIRECTORY,
} from '../api/agent-protocol.ts';
import { NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { createOnce, nodePodSpec, ownedBy, ownLabels } from './node-pod.ts';

const jobsPath = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`;
/** How long the finished Job and its log can still be read. */
const TTL_SECONDS = 3600;

export interface RepairJobRequest {
  readonly remediation: { readonly name: string; readonly uid: string };
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: RepairRequest;
}

/** A directory of the node below `HOST_ROOT`. Directories, never files: a rename over a mounted file is EBUSY. */
interface HostDirectory {
  readonly name: string;
  readonly path: string;
  readonly readOnly: boolean;
  /** Without a type the runtime would create a directory that is missing, on the host. */
  readonly type: 'Directory' | 'DirectoryOrCreate';
}

const NAMES: Readonly<Record<KubeletDirectory, string>> = {
  '/etc/kubernetes': 'kubernetes',
  '/var/lib/kubelet': 'kubelet',
  '/etc/default': 'default',
  '/etc/sysconfig': 'sysconfig',
};
/** Always mounted, to be read. Every kubelet creates its directory for device plugins there, whatever its --root-dir. */
const ALWAYS_MOUNTED: readonly KubeletDirectory[] = ['/var/lib/kubelet'];
/** Holds /etc/resolv.conf, which is a symlink, and the environment files of kubelet.service. */
const ETC = readable('/etc');
/**
 * To be read: what a restart of the kubelet would start. Each exists on every host with systemd (the Filesystem
 * Hierarchy Standard requires them), so that none has to be created, and no pod fails for one that is missing. That is
 * also why /run is mounted and not what the agent reads in it: /run/systemd/resolve, /run/NetworkManager and
 * /run/resolvconf each exist only where their program runs. It adds no power: who may use the system bus in /run/dbus as
 * root, as the agent must, is root already.
 */
const PROGRAMS = ['/run', '/usr', '/lib', '/opt'].map(readable);
const STATE: HostDirectory = {
  name: 'state',
  path: STATE_DIRECTORY,
  readOnly: false,
  type: 'DirectoryOrCreate',
};

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

/**
 * Deletes the Job. In the foreground: it exists until its pod is gone, so its absence proves that nothing of it
 * can start any more.
 */
export async function takeBackRepair(
  kube: KubeClient,
  remediation: string,
  signal: AbortSignal,
): Promise<void> {
  await nullIfNotFound(
    kube.raw.request({
      method: 'DELETE',
      path: `${jobsPath}/${remediation}`,
      body: { propagationPolicy: 'Foreground' },
      signal,
    }),
  );
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
          ...nodePodSpec(node, image, containersOf(agent), 'dnshealth-agent', {
            volumeMounts: [...directories.map(mount), HAND_OVER.mount],
            securityContext: {
              // Root without capabilities: enough for root's own files and for the system bus, and for nothing else.
              runAsUser: 0,
              runAsGroup: 0,
              // The runtime's default profile denies D-Bus on AppArmor hosts. On SELinux hosts container_t may neither
              // connect to the bus nor write kubelet_config_t. Hosts without them ignore these fields.
              appArmorProfile: { type: 'Unconfined' },
              seLinuxOptions: { type: 'spc_t' },
            },
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

function kubeletDirectory(path: KubeletDirectory, writable: readonly KubeletDirectory[]): HostDirectory {
  return {
    name: NAMES[path],
    path,
    readOnly: !writable.includes(path),
    // Writable before it is known where the setting is: a kubelet that was installed by hand may do without it.
    type: path === '/etc/kubernetes' ? 'DirectoryOrCreate' : 'Directory',
  };
}

function readable(path: string): HostDirectory {
  return { name: path.slice(1), path, readOnly: true, type: 'Directory' };
}

const volume = ({ name, path, type }: HostDirectory): V1Volume => ({ name, hostPath: { path, type } });
const mount = ({ name, path, readOnly }: HostDirectory): V1VolumeMount => ({
  name,
  mountPath: `${HOST_ROOT}${path}`,
  readOnly,
  // Below /run and /var/lib/kubelet are mounts of other pods. Kubernetes before 1.31 ignores this field.
  ...(readOnly ? { recursiveReadOnly: 'IfPossible' } : {}),
});
