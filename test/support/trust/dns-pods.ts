/** The DNS pods of a random cluster, as they are now: those that crash, their replacements, and those that serve. */
import type { DnsPodView } from '../../../src/remediation/world.ts';
import { aDnsPod, aLoopingPod } from '../objects/builders.ts';
import type { Incident } from './incident.ts';
import type { PolicyIndex } from './script.ts';
import type { TrustNode } from './world.ts';

interface Cluster {
  readonly now: number;
  readonly nodes: readonly TrustNode[];
  readonly incidents: readonly Incident[];
  readonly servesElsewhere: boolean;
  readonly elsewhereSince: number;
}

export function dnsPodsOf(cluster: Cluster, policy: PolicyIndex): readonly DnsPodView[] {
  const own = cluster.nodes.filter(({ script }) => script.policy === policy);
  const serving = (node: TrustNode) =>
    node.script.server
      ? [asItIsNow(cluster, node, aDnsPod({ uid: `server-${node.name}`, node: node.name }))]
      : [];
  const elsewhere = aDnsPod({
    uid: `elsewhere-${policy}`,
    node: 'node-well',
    runningSince: cluster.elsewhereSince,
  });
  return [
    ...own.flatMap((node) => [...serving(node), ...sickOrNew(cluster, node)]),
    ...(cluster.servesElsewhere ? [elsewhere] : []),
  ];
}

export const sickOn = ({ name, pod }: TrustNode) => ({
  name: `sick-${pod}-on-${name}`,
  uid: `sick-${pod}-on-${name}`,
});

function sickOrNew(cluster: Cluster, node: TrustNode): readonly DnsPodView[] {
  const recreated = cluster.incidents.find((one) => one.node === node && one.replacedAt !== null);
  const names = sickOn(node);
  if (recreated?.replacedAt == null) return node.isSick ? [aLoopingPod({ ...names, node: node.name })] : [];
  const { replacedAt, remediation } = recreated;
  const replacement = aDnsPod({
    name: `${names.name}-new`,
    uid: `${names.uid}-${remediation.name}`,
    node: node.name,
    createdAt: replacedAt,
    startedAt: replacedAt + 500,
    runningSince: replacedAt + 1_000,
  });
  return [asItIsNow(cluster, node, replacement)];
}

/** A kubelet before 1.35 makes every probed pod unready for a while when it is restarted. */
function asItIsNow({ now, incidents }: Cluster, node: TrustNode, pod: DnsPodView): DnsPodView {
  const isUnready = incidents.some(
    ({ node: other, job }) =>
      other === node && pod.createdAt < job.restartedAt && now < job.restartedAt + 8_000,
  );
  if (isUnready) return { ...pod, ready: false };
  const isStarting = pod.runningSince !== null && pod.runningSince > now;
  return isStarting ? { ...pod, ip: null, containerID: null, ready: false, runningSince: null } : pod;
}
