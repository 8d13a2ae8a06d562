/** The baseline: the repair by a script that already knows the node and the cause. */
import type { Pod } from '../cluster/api-client.ts';
import { breakNode } from '../cluster/break-node.ts';
import { GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import type { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';
import { firstAnswer, podsBefore } from './first-answer.ts';

/** Seconds from the start of the script. */
export interface ByHandTimes {
  readonly firstAnswer: number;
  /** A new pod is Ready. */
  readonly ready: number;
}

/**
 * Breaks the node and waits for the loop; then edits the value, restarts the kubelet, deletes the pod and waits for a
 * new one to be Ready. There must be no policy.
 */
export async function repairByHand(rig: Rig, node: string): Promise<ByHandTimes> {
  await breakNode(rig, node);
  const before = await podsBefore(rig);
  const startedAt = Date.now();
  const [answeredAt, readyAt] = await Promise.all([firstAnswer(rig, before), script(rig, node, before)]);
  return { firstAnswer: (answeredAt - startedAt) / 1000, ready: (readyAt - startedAt) / 1000 };
}

/** @returns epoch milliseconds at which a new pod was Ready */
async function script(rig: Rig, node: string, before: ReadonlySet<string>): Promise<number> {
  await rig.setResolvConf(node, GOOD_RESOLV_CONF);
  await rig.restartKubelet(node);
  for (const pod of await rig.dnsPods(node))
    await rig.api.delete(`/api/v1/namespaces/kube-system/pods/${pod.metadata.name}`, {
      gracePeriodSeconds: 1,
    });
  return until(
    async () => {
      const ready = (await rig.dnsPods()).some((pod) => !before.has(pod.metadata.uid) && isReady(pod));
      return ready ? Date.now() : undefined;
    },
    { what: 'a new Ready CoreDNS pod', timeoutMs: 90_000, everyMs: 50 },
  );
}

const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
