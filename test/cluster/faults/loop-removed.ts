/** The usual advice against the crash, which only hides the loop: `loop` is taken out of the Corefile. */
import { editCorefile, renewDnsPods } from '../dns/coredns-workload.ts';
import { BAD_RESOLV_CONF } from '../node/kubelet-files.ts';
import { refusalOfExternalName } from './external-name.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

export const LOOP_REMOVED: Fault = {
  what: 'resolvConf is the stub file, and "loop" was removed from the Corefile: no crash, no external name',
  async break(rig, node) {
    await editCorefile(rig, '    loop\n', '');
    await useResolvConf(rig, node, BAD_RESOLV_CONF);
    await renewDnsPods(rig, node);
    return refusalOfExternalName(rig);
  },
  heal: restoreResolvConf,
};
