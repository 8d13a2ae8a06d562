/** A package upgrade that waits for its restart: the repair does not start what someone else has not tried yet. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { runRepairJob } from '../support/rig/agent-job.ts';
import { restoreCluster } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';
/** The rig mounts the kubelet's program there. */
const PROGRAM = '/usr/local/bin/kubelet';
const NEXT = '/opt/next/kubelet';
const DROP_IN = '/usr/lib/systemd/system/kubelet.service.d/10-package.conf';

describe('a kubelet whose package was upgraded, but which was not restarted yet', () => {
  beforeEach(async () => {
    await restoreCluster(rig);
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await rig.waitForNodes();
  });
  afterEach(async () => {
    await inNode(rig, NODE, 'sh', '-c', `test -e ${NEXT} && umount ${PROGRAM}; rm -rf /opt/next`);
    await inNode(rig, NODE, 'rm', '--force', DROP_IN);
    await inNode(rig, NODE, 'systemctl', 'daemon-reload');
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await restoreCluster(rig);
  });

  it.each<[string, string, string, () => Promise<unknown>]>([
    [
      'its program',
      'new-program',
      PROGRAM,
      async () => {
        await inNode(rig, NODE, 'mkdir', '--parents', '/opt/next');
        await inNode(rig, NODE, 'cp', PROGRAM, NEXT);
        return inNode(rig, NODE, 'mount', '--bind', NEXT, PROGRAM);
      },
    ],
    [
      'a drop-in of its unit in /usr/lib, which systemd has read',
      'new-drop-in',
      DROP_IN,
      async () => {
        await rig.writeFile(NODE, DROP_IN, '[Service]\nRestartSec=9s\n');
        return inNode(rig, NODE, 'systemctl', 'daemon-reload');
      },
    ],
  ])('keeps running as it is where %s is new', async (_what, job, path, upgrade) => {
    const { starts } = await kubeletStarts(rig, NODE);
    const before = await rig.readFile(NODE, KUBELET_CONFIG);
    await upgrade();

    const { repair: report } = await runRepairJob(rig, NODE, job);

    expect(report).toMatchObject({ outcome: 'refused', reason: 'PendingChanges', nodeUnchanged: true });
    expect(report.message).toContain(path);
    expect(report.advice).toContain('systemctl restart kubelet');
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(before);
    expect((await kubeletStarts(rig, NODE)).starts).toBe(starts);
  });
});
