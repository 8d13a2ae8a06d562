/** What the Jobs on a node have in common: where they are, as whom they run, and how they are deleted. */
import { NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';

export const jobsPath = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`;

export const AGENT_SERVICE_ACCOUNT = 'dnshealth-agent';

export const AS_AGENT = {
  // Root without capabilities: enough for root's own files and for the system bus, and for nothing else.
  runAsUser: 0,
  runAsGroup: 0,
  // The runtime's default profile denies D-Bus on AppArmor hosts. On SELinux hosts container_t may neither connect to the
  // bus nor write kubelet_config_t. Hosts without them ignore these fields.
  appArmorProfile: { type: 'Unconfined' },
  seLinuxOptions: { type: 'spc_t' },
} as const;

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
