/** A hidden loop without a limit: each query takes more of CoreDNS' memory until the kernel kills it. */
import { askUdp } from '../../../src/dns/ask-udp.ts';
import { changeDnsPods, editCorefile } from '../dns/coredns-workload.ts';
import { BAD_RESOLV_CONF } from '../node/kubelet-files.ts';
import type { Rig } from '../rig.ts';
import { until } from '../until.ts';
import type { Fault } from './fault.ts';
import { restoreResolvConf, useResolvConf } from './kubelet-value.ts';

/** Little more than CoreDNS needs at rest, so that the kernel ends it before the machine is busy. */
const MEMORY = '64Mi';
const QUERIES = 50;

export const OUT_OF_MEMORY: Fault = {
  what: `as loop-removed, also without max_concurrent and with ${MEMORY} of memory; queries are sent until it is killed`,
  async break(rig, node) {
    await editCorefile(rig, '    loop\n', '');
    await editCorefile(rig, ' {\n       max_concurrent 1000\n    }', '');
    await useResolvConf(rig, node, BAD_RESOLV_CONF);
    const resources = { limits: { memory: MEMORY }, requests: { memory: '32Mi' } };
    await changeDnsPods(rig, { '/containers/0/resources': resources });
    return until(() => killAfterQueries(rig, node), {
      what: `CoreDNS on ${node} to run out of memory`,
    });
  },
  heal: restoreResolvConf,
};

async function killAfterQueries(rig: Rig, node: string): Promise<string | undefined> {
  for (const pod of await rig.dnsPods(node)) {
    const status = pod.status.containerStatuses?.[0];
    const death = status?.state.terminated ?? status?.lastState.terminated;
    // Not by the exit code alone: the runtime may learn of the end before it learns why, and then says "Error".
    if (death?.reason === 'OOMKilled') return `${pod.metadata.name}: OOMKilled, exit code ${death.exitCode}`;
    if (pod.status.podIP !== undefined) await sendQueries(pod.status.podIP);
  }
  return undefined;
}

/** Names that differ, so that none is answered from the cache. No answer is expected. */
async function sendQueries(address: string): Promise<void> {
  const queries = Array.from({ length: QUERIES }, async (_, i) =>
    askUdp({ address, port: 53 }, `${i}-${Date.now()}.example.com`, AbortSignal.timeout(1_000)),
  );
  await Promise.allSettled(queries);
}
