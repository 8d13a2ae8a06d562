/** A kubelet whose file was changed to the wrong value, but which was not restarted: the next restart would make CoreDNS loop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECK_NAMESPACE } from '../../src/api/keys.ts';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { BAD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  nodeJobs,
  type RemediationObject,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
} from '../support/rig/cluster-state.ts';
import { type ConditionWatch, watchNodeCondition } from '../support/rig/condition-watch.ts';
import { proveAllNodes } from '../support/rig/drifting-node.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { neverChecked, nodeCondition, untilChecked } from '../support/rig/node-checks.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

const untilFiles = async (verdict: string) =>
  untilChecked(rig, NODE, `to find its files ${verdict}`, ({ files }) => files?.verdict === verdict);

async function setAlsoFiles(alsoFiles: 'Off' | 'Report' | 'Repair'): Promise<void> {
  const patch = JSON.stringify({ spec: { drift: { alsoFiles } } });
  await rig.kubectl(['patch', 'dnshealth', 'coredns', '--type=merge', `--patch=${patch}`]);
}

beforeAll(async () => {
  await restoreCluster(rig);
  await proveAllNodes(rig, { drift: { alsoFiles: 'Off' } });
});
afterAll(async () => restoreCluster(rig));

describe('a file that is wrong under a kubelet that is right', () => {
  let before: { readonly config: string; readonly pid: number; readonly scheduling: object };
  let watch: ConditionWatch;

  beforeAll(async () => {
    before = {
      config: await rig.readFile(NODE, KUBELET_CONFIG),
      pid: (await kubeletStarts(rig, NODE)).pid,
      scheduling: await scheduling(rig, NODE),
    };
    watch = watchNodeCondition(rig, NODE);
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
  });
  afterAll(async () => watch.stop());

  it('is not looked for by default: no Job is started', async () => {
    await neverChecked(rig);
    await untilChecked(rig, NODE, 'to prove it', ({ check }) => check?.outcome === 'proven');
    expect(await nodeJobs(rig)).toEqual([]);
  });

  it('is reported where the policy asks for that, and left as it is', async () => {
    await setAlsoFiles('Report');
    const { files } = await untilFiles('wrong-in-file');
    expect(files?.file).toMatchObject({ path: KUBELET_CONFIG, value: BAD_RESOLV_CONF });
    const condition = await nodeCondition(rig, NODE);
    expect(condition).toMatchObject({ reason: 'Proven', message: expect.stringContaining(KUBELET_CONFIG) });
    const events = await rig.kubectl([
      'get',
      'events',
      '--field-selector=reason=PendingInFile',
      '-o',
      'name',
    ]);
    expect(events.stdout.trim()).not.toBe('');
    expect(await remediations(rig)).toEqual([]);
    expect(await rig.resolvConf(NODE)).toBe(BAD_RESOLV_CONF);
  });

  describe('is corrected where the policy allows it', () => {
    let ended: RemediationObject & { status: RemediationStatus };

    beforeAll(async () => {
      await setAlsoFiles('Repair');
      ended = await untilEnded(rig, NODE);
    });

    it('in the file alone, and healed', async () => {
      expect(ended.spec).toMatchObject({ trigger: 'Drift', drift: { kind: 'PendingInFile' } });
      expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'FileCorrected' });
      expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(before.config);
    });

    it('without a restart, a quarantine or a proof pod', async () => {
      expect((await kubeletStarts(rig, NODE)).pid).toBe(before.pid);
      expect(ended.status.steps.map(({ name }) => name)).not.toContain('Quarantine');
      expect(await scheduling(rig, NODE)).toEqual(before.scheduling);
      const pods = await rig.kubectl(['-n', CHECK_NAMESPACE, 'get', 'pods', '-o', 'name']);
      expect(pods.stdout).not.toContain('-proof');
    });

    it('on a node that was Proven all the time', async () => {
      await watch.stop();
      expect(watch.turns.map(({ status, reason }) => `${status} ${reason}`)).toEqual(['True Proven']);
    });
  });
});

describe('the resolv.conf that a pod is given', () => {
  it('is written when its sandbox is created and not again, so that its age shows which kubelet gave it', async () => {
    const [pod] = await rig.dnsPods(NODE);
    const path = `/api/v1/namespaces/kube-system/pods/${pod?.metadata.name}`;
    const { status } = await rig.api.json<{ status: { startTime: string } }>(path);
    const writtenAt = await modifiedAt('coredns', '/etc/resolv.conf');
    expect(writtenAt - Date.parse(status.startTime) / 1000).toBeGreaterThanOrEqual(0);

    await rig.restartKubelet(NODE);
    await rig.killContainer('kube-system', pod?.metadata.name ?? '');
    await until(
      async () =>
        (await rig.dnsPods(NODE))[0]?.status.containerStatuses?.[0]?.restartCount === 1 || undefined,
      { what: 'another container in the same sandbox' },
    );
    expect(await modifiedAt('coredns', '/etc/resolv.conf')).toBe(writtenAt);
  });
});

/** Of a file as a container sees it, by the name of its program; epoch seconds. */
async function modifiedAt(program: string, path: string): Promise<number> {
  const script = `for p in /proc/[0-9]*; do read -r name < $p/comm && [ "$name" = "$1" ] && stat --format=%Y "$p/root$2" && exit; done; exit 1`;
  return Number(await inNode(rig, NODE, 'sh', '-c', script, 'sh', program, path));
}
