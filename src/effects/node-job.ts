/** What the Jobs on a node have in common: what they are, as whom they run, and how they are deleted. */
import type { V1Container, V1Job, V1PodSpec } from '@kubernetes/client-node';
import { NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { type HostDirectory, mount, volume } from './host-directories.ts';
import { type NodeProgram, nodePodSpec, ownedBy } from './node-pod.ts';

export const jobsPath = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`;

const AGENT_SERVICE_ACCOUNT = 'dnshealth-agent';

const AS_AGENT = {
  // Root without capabilities: enough for root's own files and for the system bus, and for nothing else.
  runAsUser: 0,
  runAsGroup: 0,
  // The runtime's default profile denies D-Bus on AppArmor hosts. On SELinux hosts container_t may neither connect to the
  // bus nor write kubelet_config_t. Hosts without them ignore these fields.
  appArmorProfile: { type: 'Unconfined' },
  seLinuxOptions: { type: 'spc_t' },
} as const;

export interface NodeJob {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** It is deleted with this. */
  readonly owner?: { readonly name: string; readonly uid: string };
  readonly node: string;
  readonly image: string;
  /** One container each, in this order. */
  readonly programs: readonly NodeProgram[];
  readonly directories: readonly HostDirectory[];
  /** Volumes and mounts that are not of the node. */
  readonly own?: Pick<V1PodSpec, 'volumes'> & Pick<V1Container, 'volumeMounts'>;
  /** A node whose CPU, memory or number of pods is used up has room for it. Otherwise it waits until there is. */
  readonly isCritical: boolean;
  readonly activeDeadlineSeconds: number;
  /** How long the finished Job and its log can still be read. */
  readonly ttlSeconds: number;
}

/** Runs once: what a program has changed it undoes itself, and only the plan decides whether it is started again. */
export function nodeJob(job: NodeJob): V1Job {
  const { name, owner, node, image, programs, directories, own = {} } = job;
  const metadata = {
    labels: { ...job.labels },
    ...(job.annotations && { annotations: { ...job.annotations } }),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: NODE_NAMESPACE,
      ...metadata,
      ...(owner && { ownerReferences: ownedBy(owner) }),
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: job.activeDeadlineSeconds,
      ttlSecondsAfterFinished: job.ttlSeconds,
      template: {
        metadata,
        spec: {
          ...(job.isCritical && { priorityClassName: 'system-node-critical' }),
          ...nodePodSpec(node, image, programs, AGENT_SERVICE_ACCOUNT, {
            volumeMounts: [...directories.map(mount), ...(own.volumeMounts ?? [])],
            securityContext: AS_AGENT,
          }),
          volumes: [...directories.map(volume), ...(own.volumes ?? [])],
        },
      },
    },
  };
}

/**
 * Deletes a Job. In the foreground: it exists until its pod is gone, so its absence proves that nothing of it can start
 * any more. No-op if there is none.
 */
export async function deleteJob(kube: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  await nullIfNotFound(
    kube.raw.request({
      method: 'DELETE',
      path: `${jobsPath}/${name}`,
      body: { propagationPolicy: 'Foreground' },
      signal,
    }),
  );
}
