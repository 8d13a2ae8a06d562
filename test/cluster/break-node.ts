/** The main failure on one node of a rig, and its repair by hand. */
import { hasCondition, type Pod } from './api-client.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from './node/kubelet-files.ts';
import type { Rig } from './rig.ts';
import { until } from './until.ts';

interface BreakOptions {
  /** The value for the kubelet configuration. @default '/etc/resolv.conf' */
  readonly resolvConf?: string;
  /** Wait until the CoreDNS container on the node has crashed. @default true */
  readonly wait?: boolean;
}

interface LoopCrash {
  readonly pod: string;
  /** The log line of CoreDNS' loop plugin. */
  readonly line: string;
  readonly finishedAt: string;
}

/**
 * Writes the wrong value into the kubelet configuration and reboots the node: the CoreDNS pod comes back in a new
 * sandbox, where it finds the stub resolver as its upstream, and crashes because it forwards to itself.
 * Returns the first crash, or undefined without `wait`.
 */
export async function breakNode(
  rig: Rig,
  node: string,
  options: BreakOptions = {},
): Promise<LoopCrash | undefined> {
  const before = new Set((await rig.dnsPods(node)).flatMap(containerIds));
  await rig.setResolvConf(node, options.resolvConf ?? BAD_RESOLV_CONF);
  await rig.reboot(node);
  if (options.wait === false) return undefined;
  return waitForLoop(rig, node, before);
}

/** Waits until a CoreDNS container on the node, other than the `known` ones, crashes because of a loop. */
export function waitForLoop(
  rig: Rig,
  node: string,
  known: ReadonlySet<string> = new Set(),
  timeoutMs = 120_000,
): Promise<LoopCrash> {
  return until(
    async () => {
      for (const pod of await rig.dnsPods(node)) {
        const status = pod.status.containerStatuses?.[0];
        const crash = status?.state.terminated ?? status?.lastState.terminated;
        if (!status || !crash || crash.exitCode !== 1) continue;
        if (status.containerID !== undefined && known.has(status.containerID)) continue;
        const line = await fatalLine(rig, pod.metadata.name);
        if (line !== undefined) return { pod: pod.metadata.name, line, finishedAt: crash.finishedAt };
      }
      return undefined;
    },
    { what: `CoreDNS on ${node} to crash because of a loop`, timeoutMs, everyMs: 100 },
  );
}

/** The runtime may refuse one of the two logs while the other one has the line. */
async function fatalLine(rig: Rig, pod: string): Promise<string | undefined> {
  for (const previous of [false, true]) {
    const path = `/api/v1/namespaces/kube-system/pods/${pod}/log?container=coredns&previous=${previous}`;
    const log = await rig.api.text(path).catch(() => '');
    const line = log.split('\n').find((candidate) => candidate.startsWith('[FATAL] plugin/loop: '));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** Repairs by hand: the correct value, a kubelet restart, the pod deleted. Returns when CoreDNS is Ready on the node. */
export async function healNode(rig: Rig, node: string): Promise<void> {
  await rig.setResolvConf(node, GOOD_RESOLV_CONF);
  const restarted = await rig.exec(node, ['systemctl', 'restart', 'kubelet.service']);
  if (restarted.code !== 0) throw new Error(`cannot restart kubelet.service on ${node}: ${restarted.stderr}`);
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
