/** The main failure: a wrong resolvConf, which counts at the next reboot. */
import { breakNode } from '../break-node.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf } from './kubelet-value.ts';

export const STUB: Fault = {
  what: 'resolvConf is /etc/resolv.conf, the stub file of systemd-resolved; the node is rebooted',
  break: async (rig, node) => (await breakNode(rig, node))?.line ?? '',
  heal: restoreResolvConf,
};
