/** The state of a rig at a glance, as aligned text. */
import type { NetworkPlan } from './address-plan.ts';
import { hasCondition, type Node } from './api-client.ts';
import type { Rig } from './rig.ts';

/** Pads each column to its widest cell; the first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** Works on a partly broken cluster too: what cannot be read is shown as such. */
export async function describeRig(rig: Rig): Promise<string> {
  const components = [...rig.components()].map(([name, pid]) => [
    name,
    pid === undefined ? 'stopped' : `pid ${pid}`,
  ]);
  const nodes = await rig.api.json<{ items: Node[] }>('/api/v1/nodes').catch(() => ({ items: [] }));
  const nodeRows = await Promise.all(
    rig.nodes.map(async (plan) => {
      const node = nodes.items.find((candidate) => candidate.metadata.name === plan.name);
      const ready = node === undefined ? 'unknown' : hasCondition(node, 'Ready') ? 'yes' : 'no';
      const resolvConf = await rig.resolvConf(plan.name).catch(() => '(node is down)');
      return [
        plan.name,
        ready,
        node?.spec.unschedulable ? 'cordoned' : 'yes',
        plan.addresses.join(', '),
        resolvConf ?? '(not set)',
      ];
    }),
  );
  const list = (of: (network: NetworkPlan) => string): string => rig.plan.networks.map(of).join(', ');
  const pods = await rig.dnsPods().catch(() => []);
  const podRows = pods.map((pod) => {
    const status = pod.status.containerStatuses?.[0];
    const waiting = status?.state.waiting?.reason;
    return [
      pod.metadata.name,
      hasCondition(pod, 'Ready') ? 'yes' : (waiting ?? 'no'),
      String(status?.restartCount ?? 0),
      pod.spec.nodeName ?? '-',
      (pod.status.podIPs ?? []).map(({ ip }) => ip).join(', ') || '-',
    ];
  });
  return [
    table([
      ['rig', rig.name],
      ['IP family', rig.plan.ipFamily],
      ['Kubernetes', rig.kubernetes],
      ['network', list((network) => network.network)],
      ['cluster DNS', list((network) => network.clusterDns)],
      ['kubeconfig', rig.kubeconfigPath],
      ['logs', rig.paths.logs],
    ]),
    table([['CONTROL PLANE', 'PROCESS'], ...components]),
    table([['NODE', 'READY', 'SCHEDULABLE', 'ADDRESS', 'RESOLVCONF'], ...nodeRows]),
    table([['DNS POD', 'READY', 'RESTARTS', 'NODE', 'IP'], ...podRows]),
  ].join('\n\n');
}
