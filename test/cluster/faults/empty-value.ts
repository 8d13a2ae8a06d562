/** `resolvConf: ""` does not mean "nothing": the kubelet then gives its pods 127.0.0.1 as their nameserver. */
import { crashWithNewPods } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

export const EMPTY_VALUE: Fault = {
  what: 'resolvConf is "" in the kubelet configuration',
  async break(rig, node) {
    await useResolvConf(rig, node, '');
    return crashWithNewPods(rig, node);
  },
  heal: restoreResolvConf,
};
