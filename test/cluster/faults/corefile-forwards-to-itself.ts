/** A Corefile whose upstream is the pod itself, on every node. */
import { editCorefile, restoreDns } from '../dns/coredns-workload.ts';
import { crashWithNewPods } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';

export const COREFILE_FORWARDS_TO_ITSELF: Fault = {
  what: 'the Corefile says "forward . 127.0.0.1"',
  async break(rig, node) {
    await editCorefile(rig, 'forward . /etc/resolv.conf', 'forward . 127.0.0.1');
    return crashWithNewPods(rig, node);
  },
  heal: restoreDns,
};
