/** A node whose resolver lists no server for some seconds, as while networkd reloads or before the first lease. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { runRepairJob } from '../support/rig/agent-job.ts';
import { restoreCluster } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';
const COPY = '/run/uplink-copy';
const AWAY_MS = 8_000;

describe('a target that lists no server for some seconds', () => {
  beforeEach(async () => {
    await restoreCluster(rig);
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await rig.waitForNodes();
  });
  afterEach(async () => {
    await inNode(rig, NODE, 'cp', COPY, GOOD_RESOLV_CONF);
    await restoreCluster(rig);
  });

  it('is waited for, and then the kubelet is repaired', async () => {
    const { starts } = await kubeletStarts(rig, NODE);
    await inNode(rig, NODE, 'cp', GOOD_RESOLV_CONF, COPY);
    await rig.writeFile(NODE, GOOD_RESOLV_CONF, '# No DNS servers known.\n');
    const emptyAt = Date.now();
    const back = ['cp', COPY, GOOD_RESOLV_CONF];
    await inNode(rig, NODE, 'systemd-run', `--on-active=${AWAY_MS / 1_000}`, ...back);

    const { repair: report } = await runRepairJob(rig, NODE, 'away-for-a-moment');

    expect(report).toMatchObject({ outcome: 'repaired', target: { class: 'ok' } });
    // The node has the clock of this machine.
    expect(Date.parse(report.times.decided ?? '') - emptyAt).toBeGreaterThan(AWAY_MS);
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toContain(GOOD_RESOLV_CONF);
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
  });
});
