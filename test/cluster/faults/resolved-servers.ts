/** The servers that systemd-resolved of a node is configured with; its uplink file lists them. */
import { RESOLVED_DROP_IN, resolvedDropIn } from '../node/node-files.ts';
import type { Rig } from '../rig.ts';

export async function useResolvedServers(rig: Rig, node: string, servers: readonly string[]): Promise<void> {
  await rig.writeFile(node, RESOLVED_DROP_IN, resolvedDropIn(servers));
  await rig.exec(node, ['systemctl', 'restart', 'systemd-resolved.service'], { allowFailure: false });
}

/** The rig's upstream resolver, as at the start. */
export async function restoreResolvedServers(rig: Rig, node: string): Promise<void> {
  await useResolvedServers(
    rig,
    node,
    rig.plan.networks.map(({ controlPlane }) => controlPlane),
  );
}
