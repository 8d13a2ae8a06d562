/** Files on a rig's nodes, and how to make a wrong kubelet configuration take effect. */
import { waitForLoop } from '../../cluster/break-node.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';

/** Runs a program in the node; returns its output, throws if it fails. */
export async function inNode(rig: Rig, node: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.exec(node, argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} on ${node}: ${stderr}`);
  return stdout.trim();
}

/** Type, owner, mode and inode. */
export const identity = (rig: Rig, node: string, path: string): Promise<string> =>
  inNode(rig, node, 'stat', '--format=%F %u:%g %a %i', path);

/** Lines that differ between two texts with the same number of lines. */
export function changedLines(before: string, after: string): { removed: string[]; added: string[] } {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return {
    removed: old.filter((line, i) => line !== now[i]),
    added: now.filter((line, i) => line !== old[i]),
  };
}

/** Reboots the node, so that CoreDNS gets a new sandbox with the wrong resolv.conf, and waits for its crash. */
export async function rebootIntoLoop(rig: Rig, node: string): Promise<void> {
  const known = await containersOf(rig, node);
  await rig.reboot(node);
  await waitForLoop(rig, node, known);
}

/**
 * The same with less than a reboot, which takes longer: restarts the kubelet and deletes the pod. The other nodes are
 * cordoned until the new pod is bound: a kubelet that has just been started may report its node as not ready.
 */
export async function restartIntoLoop(rig: Rig, node: string): Promise<void> {
  const known = await containersOf(rig, node);
  const others = rig.nodes.map(({ name }) => name).filter((name) => name !== node);
  await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
  await rig.kubectl(['cordon', ...others]);
  try {
    const old = new Set((await rig.dnsPods(node)).map(({ metadata }) => metadata.name));
    for (const pod of old) await rig.api.delete(`/api/v1/namespaces/kube-system/pods/${pod}`);
    await until(
      async () => (await rig.dnsPods(node)).some(({ metadata }) => !old.has(metadata.name)) || undefined,
      { what: `a new CoreDNS pod on ${node}`, timeoutMs: 120_000 },
    );
  } finally {
    await rig.kubectl(['uncordon', ...others]);
  }
  await waitForLoop(rig, node, known);
}

async function containersOf(rig: Rig, node: string): Promise<ReadonlySet<string>> {
  const pods = await rig.dnsPods(node);
  return new Set(
    pods.flatMap((pod) => pod.status.containerStatuses ?? []).flatMap(({ containerID }) => containerID ?? []),
  );
}
