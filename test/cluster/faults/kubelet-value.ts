/** Faults of a kubelet's resolvConf have the same frame: a wrong value, a new process that reads it, new pods. */
import { restoreDns } from '../dns/coredns-workload.ts';
import { GOOD_RESOLV_CONF } from '../node/kubelet-files.ts';
import type { Rig } from '../rig.ts';

/** Counts for pods that are made from now on. */
export async function useResolvConf(rig: Rig, node: string, value: string): Promise<void> {
  await rig.setResolvConf(node, value);
  await rig.restartKubelet(node);
}

/** The value of the rig's start, and new pods. */
export async function restoreResolvConf(rig: Rig, node: string): Promise<void> {
  await useResolvConf(rig, node, GOOD_RESOLV_CONF);
  await restoreDns(rig);
}
