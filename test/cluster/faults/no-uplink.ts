/** systemd-resolved knows no server, so that the file that the kubelet rightly hands out lists none. */
import { restoreDns } from '../dns/coredns-workload.ts';
import { crashWithNewPods } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreResolvedServers, useResolvedServers } from './resolved-servers.ts';

export const NO_UPLINK: Fault = {
  what: 'systemd-resolved has no upstream server: its uplink file, which resolvConf names, lists none',
  async break(rig, node) {
    await useResolvedServers(rig, node, []);
    return crashWithNewPods(rig, node, /^plugin\/forward: |\[FATAL\]/);
  },
  async heal(rig, node) {
    await restoreResolvedServers(rig, node);
    await restoreDns(rig);
  },
};
