/** A file that lists the stub beside a good server: CoreDNS asks one of them at random, so that it loops now and then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { renewDnsPods } from '../dns/coredns-workload.ts';
import { logLine } from '../dns/dns-deaths.ts';
import { BAD_RESOLV_CONF } from '../node/kubelet-files.ts';
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';
import { LOOP } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreHostResolvConf, writeHostResolvConf } from './host-resolv-conf.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

/** Each start crashes with a probability of a quarter: the probe must come back twice. All of them pass once in 3,000. */
const STARTS = 28;
/** The probe ends in a second. */
const PROBE_MS = 2_000;

export const MIXED_SERVERS: Fault = {
  what: 'resolvConf names a file with 127.0.0.53 and a good server: about every fourth new pod crashes',
  async break(rig, node) {
    const good = rig.plan.networks.map(({ controlPlane }) => `nameserver ${controlPlane}\n`).join('');
    await writeHostResolvConf(rig, node, `nameserver 127.0.0.53\n${good}`);
    await useResolvConf(rig, node, BAD_RESOLV_CONF);
    for (let start = 1; start <= STARTS; start += 1) {
      await renewDnsPods(rig, node);
      const line = await loopOfNewPod(rig, node);
      if (line !== undefined) return line;
    }
    throw new Error(`CoreDNS on ${node} did not loop in ${STARTS} starts`);
  },
  async heal(rig, node) {
    await restoreHostResolvConf(rig, node);
    await restoreResolvConf(rig, node);
  },
};

/** Undefined where the container has outlived its probe. */
async function loopOfNewPod(rig: Rig, node: string): Promise<string | undefined> {
  const pod = await until(
    async () => {
      const pods = await rig.dnsPods(node);
      return pods.find(({ status }) => status.containerStatuses?.[0]?.containerID !== undefined);
    },
    { what: `CoreDNS on ${node} to start` },
  );
  await sleep(PROBE_MS);
  return logLine(rig, pod.metadata.name, 'coredns', LOOP);
}
