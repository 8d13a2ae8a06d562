/** A repair by hand that forgets the last step: the crashing pod keeps the resolv.conf of its sandbox. */
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../node/kubelet-files.ts';
import { crashWithNewPods } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

export const STALE_POD: Fault = {
  what: 'resolvConf was corrected and the kubelet restarted, but the crashing pod is older',
  async break(rig, node) {
    await useResolvConf(rig, node, BAD_RESOLV_CONF);
    const line = await crashWithNewPods(rig, node);
    await useResolvConf(rig, node, GOOD_RESOLV_CONF);
    return line;
  },
  heal: restoreResolvConf,
};
