/** The baseline: the repair by a script that already knows the node and the cause. */
import type { Pod } from '../cluster/api-client.ts';
import { breakNode } from '../cluster/break-node.ts';
import { GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import type { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';

/**
 * Breaks the node and waits for the loop; then edits the value, restarts the kubelet, deletes the pod and waits for a
 * new one to be Ready. There must be no policy.
 * @returns seconds from the edit to Ready
 */
export async function repairByHand(rig: Rig, node: string): Promise<number> {
  await breakNode(rig, node);
  const startedAt = performance.now();
  await rig.setResolvConf(node, GOOD_RESOLV_CONF);
  const restarted = await rig.exec(node, ['systemctl', 'restart', 'kubelet.service']);
  if (restarted.code !== 0) throw new Error(`cannot restart kubelet.service on ${node}: ${restarted.stderr}`);
  const old = await rig.dnsPods();
  for (const pod of await rig.dnsPods(node))
    await rig.api.delete(`/api/v1/namespaces/kube-system/pods/${pod.metadata.name}`, {
      gracePeriodSeconds: 1,
    });
  const known = new Set(old.map((pod) => pod.metadata.uid));
  await until(
    async () =>
      (await rig.dnsPods()).some((pod) => !known.has(pod.metadata.uid) && isReady(pod)) || undefined,
    { what: 'a new Ready CoreDNS pod', timeoutMs: 90_000, everyMs: 50 },
  );
  return (performance.now() - startedAt) / 1000;
}

const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
