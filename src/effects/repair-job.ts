/** The node-side Job: fixed program, fixed mounts, pinned to the node. No field of a custom resource reaches its command. */
import type { V1Job, V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import {
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
}

/** Always mounted, to be read. */
const ALWAYS_MOUNTED: readonly KubeletDirectory[] = ['/var/lib/kubelet'];
const NAMES: Readonly<Record<KubeletDirectory, string>> = {
  '/etc/kubernetes': 'kubernetes',
  '/var/lib/kubelet': 'kubelet',
  '/etc/default': 'default',
  '/etc/sysconfig': 'sysconfig',
};
/** Holds /etc/resolv.conf, which is a symlink, and the environment files of kubelet.service. */
const ETC: HostDirectory = { name: 'etc', path: '/etc', readOnly: true };
const DIRECTORIES: readonly HostDirectory[] = [
  { name: 'resolved', path: '/run/systemd/resolve', readOnly: true },
  // Not /var/run/dbus: that is an absolute symlink on some hosts.
  { name: 'dbus', path: '/run/dbus', readOnly: true },
  { name: 'state', path: STATE_DIRECTORY, readOnly: false },
];
const NETWORK_MANAGER: HostDirectory = {
  name: 'network-manager',
  path: '/run/NetworkManager',
  readOnly: true,
};

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
          ...nodePodSpec(node, image, agent, {
            volumeMounts: directories.map(mount),
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
          volumes: directories.map(volume),
        },
      },
    },
  };
}

/** Only the directories that the agent has to write are writable; others are mounted read-only, or not at all. */
function directoriesOf({ writable, targets }: RepairRequest): readonly HostDirectory[] {
  const kubelet = KUBELET_DIRECTORIES.filter(
    (path) => writable.includes(path) || ALWAYS_MOUNTED.includes(path),
  );
  const usesNetworkManager = targets.some((target) => target.startsWith(NETWORK_MANAGER.path));
  return [
    ETC,
    ...kubelet.map((path) => ({ name: NAMES[path], path, readOnly: !writable.includes(path) })),
    ...DIRECTORIES,
    ...(usesNetworkManager ? [NETWORK_MANAGER] : []),
  ];
}

const volume = ({ name, path }: HostDirectory): V1Volume => ({ name, hostPath: { path } });
const mount = ({ name, path, readOnly }: HostDirectory): V1VolumeMount => ({
  name,
  mountPath: `${HOST_ROOT}${path}`,
  readOnly,
});
