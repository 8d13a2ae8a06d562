/** Files on a rig's nodes, and how to make a wrong kubelet configuration take effect. */
import { waitForLoop } from '../../cluster/break-node.ts';
import { renewDnsPods } from '../../cluster/dns/coredns-workload.ts';
import { containerIds } from '../../cluster/dns/dns-deaths.ts';
import { BAD_RESOLV_CONF } from '../../cluster/node/kubelet-files.ts';
import type { Rig } from '../../cluster/rig.ts';

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
  const known = containerIds(await rig.dnsPods(node));
  await rig.reboot(node);
  await waitForLoop(rig, node, known);
}

/** The same with less than a reboot, which takes longer: restarts the kubelet and replaces the pod. */
export async function restartIntoLoop(rig: Rig, node: string): Promise<void> {
  const known = containerIds(await rig.dnsPods(node));
  await rig.restartKubelet(node);
  await renewDnsPods(rig, node);
  await waitForLoop(rig, node, known);
}

/**
 * The wrong value is written and the kubelet restarted with it; then its DNS pods lose their sandboxes, as in a reboot.
 * Nothing is deleted, scheduled or cordoned, and the other pods of the node run on.
 */
export async function loopInPlace(rig: Rig, node: string): Promise<void> {
  await rig.setResolvConf(node, BAD_RESOLV_CONF);
  await rig.restartKubelet(node);
  const pods = await rig.dnsPods(node);
  for (const { metadata } of pods) await killSandbox(rig, node, metadata.name);
  await waitForLoop(rig, node, containerIds(pods));
}

async function killSandbox(rig: Rig, node: string, pod: string): Promise<void> {
  const ctr = ['ctr', '--namespace', 'k8s.io'];
  const filter = `labels."io.kubernetes.pod.name"==${pod},labels."io.cri-containerd.kind"==sandbox`;
  const sandboxes = await inNode(rig, node, ...ctr, 'containers', 'ls', '--quiet', filter);
  // The kubelet removes those of before a reboot a while later.
  const kills = await Promise.all(
    sandboxes
      .split('\n')
      .map(async (id) => rig.exec(node, [...ctr, 'task', 'kill', '--signal', 'SIGKILL', id])),
  );
  if (!kills.some(({ code }) => code === 0))
    throw new Error(`the sandbox of ${pod} on ${node}: ${kills.map(({ stderr }) => stderr).join('')}`);
}
