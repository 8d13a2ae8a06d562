/** The main failure on one node of a rig, and its repair by hand. */
import { hasCondition } from './api-client.ts';
import { renewDnsPods } from './dns/coredns-workload.ts';
import { type Crash, containerIds, waitForCrash } from './dns/dns-deaths.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from './node/kubelet-files.ts';
import type { Rig } from './rig.ts';
import { until } from './until.ts';

interface BreakOptions {
  /** The value for the kubelet configuration. @default '/etc/resolv.conf' */
  readonly resolvConf?: string;
  /** Wait until the CoreDNS container on the node has crashed. @default true */
  readonly wait?: boolean;
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
): Promise<Crash | undefined> {
  const before = containerIds(await rig.dnsPods(node));
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
  timeoutMs = 180_000,
): Promise<Crash> {
  return waitForCrash(rig, {
    what: `CoreDNS on ${node} to crash because of a loop`,
    pods: () => rig.dnsPods(node),
    line: /^\[FATAL\] plugin\/loop: /,
    known,
    timeoutMs,
  });
}

/** Repairs by hand: the correct value, a kubelet restart, the pod deleted. Returns when CoreDNS is Ready on the node. */
export async function healNode(rig: Rig, node: string): Promise<void> {
  await rig.setResolvConf(node, GOOD_RESOLV_CONF);
  await rig.restartKubelet(node);
  await renewDnsPods(rig, node);
  await until(async () => (await rig.dnsPods(node)).some((pod) => hasCondition(pod, 'Ready')) || undefined, {
    what: `a Ready CoreDNS pod on ${node}`,
  });
}
