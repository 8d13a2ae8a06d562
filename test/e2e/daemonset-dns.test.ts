/** CoreDNS as a DaemonSet, whose controller knows the node and not the scheduler: quarantine, new pod, verification. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitForLoop } from '../cluster/break-node.ts';
import { runDnsAs } from '../cluster/dns/coredns-workload.ts';
import { containerIds } from '../cluster/dns/dns-deaths.ts';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { restoreCluster, scheduling, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';

describe('CoreDNS as a DaemonSet', () => {
  beforeAll(async () => {
    await restoreCluster(rig);
    await runDnsAs(rig, 'DaemonSet');
  });
  afterAll(async () => {
    await runDnsAs(rig, 'Deployment');
    await restoreCluster(rig);
  });

  it('is healed while the taint of the quarantine keeps its controller from placing a pod there', async () => {
    const [old] = await rig.dnsPods(NODE);
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await rig.api.delete(`/api/v1/namespaces/kube-system/pods/${old?.metadata.name}`);
    // In place of the old one the controller puts another one on the same node.
    await waitForLoop(rig, NODE, containerIds(old ? [old] : []));
    const [looping] = await rig.dnsPods(NODE);

    await applyPolicy(rig, { workload: { kind: 'DaemonSet' }, quarantine: { strategy: 'Taint' } });
    const { status } = await untilEnded(rig, NODE);
    expect(status).toMatchObject({
      phase: 'Healed',
      reason: 'Verified',
      deletedPods: [{ name: looping?.metadata.name }],
      verification: { node: NODE },
    });
    expect(await scheduling(rig, NODE)).toEqual({ unschedulable: false, taints: [], ours: [] });
    await rig.waitForDns();
  });
});
