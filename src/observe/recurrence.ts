/** Collects what is known about where the old value may come back from, and asks `diagnosis/` to judge it. */
import type { RepairReport } from '../api/agent-protocol.ts';
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { Recurrence } from '../api/remediation.ts';
import { recurrence } from '../diagnosis/recurrence.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { changedTheNode } from '../remediation/facts.ts';
import type { NodeView } from '../remediation/world.ts';

/** Only a change that was made can come back. */
export async function findRecurrence(
  kube: KubeClient,
  report: RepairReport | undefined,
  node: Pick<NodeView, 'system' | 'owner'> | null,
  signal: AbortSignal,
): Promise<readonly Recurrence[]> {
  if (!report?.target || !changedTheNode({ repair: report })) return [];
  const declared = report.layout === 'kubeadm' ? await readKubeletConfigMap(kube, signal) : null;
  return recurrence(report.layout, {
    target: report.target.path,
    kubeletVersion: node?.system.kubeletVersion ?? '',
    owner: node?.owner ?? null,
    ...(declared === null ? {} : { kubeletConfigMap: declared }),
  });
}

/** null if it cannot be read: the advice is then more general, and the repair does not fail for it. */
async function readKubeletConfigMap(kube: KubeClient, signal: AbortSignal): Promise<string | null> {
  try {
    const path = `/api/v1/namespaces/${DNS_NAMESPACE}/configmaps/kubelet-config`;
    const map = await kube.raw.request<{ data?: { kubelet?: string } }>({ method: 'GET', path, signal });
    return map.data?.kubelet ?? null;
  } catch (error) {
    if (error instanceof KubeError) return null;
    throw error;
  }
}
