/** A repair by hand that forgets the last step: the crashing pod keeps the resolv.conf of its sandbox. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitForCrash } from '../dns/dns-deaths.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../node/kubelet-files.ts';
import { crashWithNewPods, LOOP } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

export const STALE_POD: Fault = {
  what: 'resolvConf was corrected and the kubelet restarted, but the crashing pod is older',
  async break(rig, node) {
    await useResolvConf(rig, node, BAD_RESOLV_CONF);
    await crashWithNewPods(rig, node);
    // The API gives times in whole seconds: in the same one, the pod would not look older than the corrected kubelet.
    await sleep(2_000);
    await useResolvConf(rig, node, GOOD_RESOLV_CONF);
    // The next crash, of a container that the corrected kubelet has started: within a back-off of twenty seconds.
    const corrected = Date.now();
    const what = `CoreDNS on ${node} to crash under the corrected kubelet`;
    const sought = { what, pods: () => rig.dnsPods(node), line: LOOP, startedAfter: corrected };
    return (await waitForCrash(rig, sought)).line;
  },
  heal: restoreResolvConf,
};
