/** A kubelet that starts with the new value but ends before it serves; one that does not start is in hands-off.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { runRepairJob } from '../support/rig/agent-job.ts';
import { restoreCluster } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';
const GUARD = '/opt/guard/kubelet';
const DROP_IN = '/etc/systemd/system/kubelet.service.d/99-guard.conf';

/** A script in place of the kubelet: runs the kubelet, but with the new value something else. */
const guard = (instead: string): string => `#!/bin/sh
grep -q '${GOOD_RESOLV_CONF}' ${KUBELET_CONFIG} && { ${instead}; }
exec /usr/local/bin/kubelet "$@"
`;

describe('a kubelet that starts with the new value, but', () => {
  beforeEach(async () => restoreCluster(rig));
  afterEach(async () => {
    await inNode(rig, NODE, 'rm', '--force', DROP_IN, GUARD);
    await inNode(rig, NODE, 'systemctl', 'daemon-reload');
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await restoreCluster(rig);
  });

  it.each([{ what: 'crashes after a second', instead: 'sleep 1; exit 1', why: 'ended' }])(
    '$what, gets its old configuration back and serves again within 30 s',
    async ({ what, instead, why }) => {
      await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
      const broken = await rig.readFile(NODE, KUBELET_CONFIG);
      const unit = await inNode(rig, NODE, 'systemctl', 'cat', 'kubelet.service');
      const [start = ''] = /^ExecStart=(?:.*\\\n)*.*$/m.exec(unit) ?? [];
      await rig.writeFile(NODE, GUARD, guard(instead), 0o755);
      await rig.writeFile(
        NODE,
        DROP_IN,
        `[Service]\nExecStart=\n${start.replace('/usr/local/bin/kubelet', GUARD)}\n`,
      );
      await inNode(rig, NODE, 'systemctl', 'daemon-reload');
      await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
      await rig.waitForNodes();

      const { repair: report } = await runRepairJob(rig, NODE, what.replaceAll(' ', '-'));

      expect(report).toMatchObject({
        outcome: 'rolled-back',
        reason: 'KubeletDidNotComeUp',
        nodeUnchanged: true,
        kubelet: { restarts: 2, active: true },
      });
      expect(report.message).toContain(why);
      const { written = '', finished = '' } = report.times;
      expect(Date.parse(finished) - Date.parse(written)).toBeLessThan(30_000);
      expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
      expect(await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
      await rig.waitForNodes();
    },
  );
});
