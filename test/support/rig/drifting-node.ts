/** A node of a rig that drifts: its kubelet is started with the wrong value, while its DNS pod is still well. */
import { BAD_RESOLV_CONF } from '../../cluster/node/kubelet-files.ts';
import type { Rig } from '../../cluster/rig.ts';
import { applyPolicy } from './installation.ts';
import { checkedLongAgo, neverChecked, untilCondition } from './node-checks.ts';

/** A policy with this spec, and all nodes checked under it and found well. */
export async function proveAllNodes(rig: Rig, spec: object): Promise<void> {
  await neverChecked(rig);
  await applyPolicy(rig, spec);
  for (const { name } of rig.nodes) await untilCondition(rig, name, 'Proven');
}

/**
 * As an automation does it: the value is written, and the kubelet is restarted so that it takes effect.
 *
 * @returns epoch milliseconds just before the restart
 */
export async function restartWithWrongValue(
  rig: Rig,
  node: string,
): Promise<{ readonly restartedAt: number }> {
  await checkedLongAgo(rig, node);
  await rig.setResolvConf(node, BAD_RESOLV_CONF);
  const restartedAt = Date.now();
  await rig.restartKubelet(node);
  return { restartedAt };
}
