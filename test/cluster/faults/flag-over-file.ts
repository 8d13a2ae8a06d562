/** A flag that overrides a correct configuration file, as it is left over in KUBELET_ARGS. */
import { restoreDns } from '../dns/coredns-workload.ts';
import { BAD_RESOLV_CONF, KUBELET_ENVIRONMENT, kubeletEnvironment } from '../node/kubelet-files.ts';
import { crashWithNewPods } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';

/** A line of its own in the value of KUBELET_ARGS. */
const FLAG = `--resolv-conf=${BAD_RESOLV_CONF} \\\n`;

export const FLAG_OVER_FILE: Fault = {
  what: 'resolvConf is right in the file, but --resolv-conf=/etc/resolv.conf in kubelet.env overrides it',
  async break(rig, node) {
    const before = await rig.readFile(node, KUBELET_ENVIRONMENT);
    const after = before.replace(/^--config=.*\n/m, (line) => line + FLAG);
    await rig.writeFile(node, KUBELET_ENVIRONMENT, after, 0o600);
    await rig.restartKubelet(node);
    return crashWithNewPods(rig, node);
  },
  async heal(rig, node) {
    // The whole file of the rig's start: a repair of the flag has left another one than was written here.
    const plan = rig.nodes.find(({ name }) => name === node);
    if (plan === undefined) throw new Error(`no node ${node} in ${rig.name}`);
    await rig.writeFile(node, KUBELET_ENVIRONMENT, kubeletEnvironment(plan), 0o600);
    await rig.restartKubelet(node);
    await restoreDns(rig);
  },
};
