/** The article's failure and its manual repair, on one node of a rig. */
import type { Pod } from './api-client.ts';
import { hasCondition } from './api-client.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from './node/kubelet-files.ts';
import type { Rig } from './rig.ts';
import { until } from './until.ts';

export interface BreakOptions {
  /** What the kubelet configuration is to say. @default '/etc/resolv.conf' */
  readonly resolvConf?: string;
  /** Wait until the CoreDNS container on the node has died of the loop. @default true */
  readonly wait?: boolean;
}

export interface LoopDeath {
  readonly pod: string;
  /** The line that CoreDNS' loop plugin left. */
  readonly line: string;
  readonly finishedAt: string;
}

/**
 * Writes the wrong value into the kubelet configuration and reboots the node: the CoreDNS pod comes back in a new
 * sandbox, which reads the stub resolver's address as its upstream, and loops.
 * Gives the first death by loop, or undefined when not asked to wait.
 */
export async function breakNode(
  rig: Rig,
  node: string,
  options: BreakOptions = {},
): Promise<LoopDeath | undefined> {
  const before = new Set((await rig.dnsPods(node)).flatMap(containerIds));
  await rig.setResolvConf(node, options.resolvConf ?? BAD_RESOLV_CONF);
  await rig.reboot(node);
  if (options.wait === false) return undefined;
  return waitForLoop(rig, node, before);
}

/** Waits for a CoreDNS container on the node that is none of `known` and died with the loop plugin's line. */
export function waitForLoop(
  rig: Rig,
  node: string,
  known: ReadonlySet<string> = new Set(),
  timeoutMs = 120_000,
): Promise<LoopDeath> {
  return until(
    async () => {
      for (const pod of await rig.dnsPods(node)) {
        const status = pod.status.containerStatuses?.[0];
        const death = status?.state.terminated ?? status?.lastState.terminated;
        if (!status || !death || death.exitCode !== 1) continue;
        if (status.containerID !== undefined && known.has(status.containerID)) continue;
        const line = await fatalLine(rig, pod.metadata.name);
        if (line !== undefined) return { pod: pod.metadata.name, line, finishedAt: death.finishedAt };
      }
      return undefined;
    },
    { what: `a CoreDNS container on ${node} to die of a loop`, timeoutMs, everyMs: 100 },
  );
}

/** One of the two logs can be refused by the runtime while the other holds the line. */
async function fatalLine(rig: Rig, pod: string): Promise<string | undefined> {
  for (const previous of [false, true]) {
    const path = `/api/v1/namespaces/kube-system/pods/${pod}/log?container=coredns&previous=${previous}`;
    const log = await rig.api.text(path).catch(() => '');
    const line = log.split('\n').find((candidate) => candidate.startsWith('[FATAL] plugin/loop: '));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The repair by hand: the right value, a kubelet restart, the pod deleted; comes back when DNS is Ready on the node. */
export async function healNode(rig: Rig, node: string): Promise<void> {
  await rig.setResolvConf(node, GOOD_RESOLV_CONF);
  const restarted = await rig.exec(node, ['systemctl', 'restart', 'kubelet.service']);
  if (restarted.code !== 0) throw new Error(`kubelet.service on ${node}: ${restarted.stderr}`);
  const deleted = new Set<string>();
  for (const pod of await rig.dnsPods(node)) {
    await rig.api.delete(`/api/v1/namespaces/kube-system/pods/${pod.metadata.name}`);
    deleted.add(pod.metadata.uid);
  }
  await until(
    async () => {
      const pods = await rig.dnsPods(node);
      return pods.some((pod) => !deleted.has(pod.metadata.uid) && hasCondition(pod, 'Ready')) || undefined;
    },
    { what: `a new Ready CoreDNS pod on ${node}`, timeoutMs: 90_000 },
  );
}

function containerIds(pod: Pod): string[] {
  return (pod.status.containerStatuses ?? []).flatMap((status) => status.containerID ?? []);
}
