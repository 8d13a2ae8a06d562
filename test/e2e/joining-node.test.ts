/** A node that joins the cluster with the wrong value: it is repaired before a DNS pod is scheduled there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { hasCondition } from '../cluster/api-client.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { type RemediationObject, restoreCluster, untilEnded } from '../support/rig/cluster-state.ts';
import { type ConditionWatch, watchNodeCondition } from '../support/rig/condition-watch.ts';
import { proveAllNodes } from '../support/rig/drifting-node.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { untilCondition } from '../support/rig/node-checks.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';

/** As when a machine is replaced: its object and its pods are gone. The other node takes the DNS pod. */
async function leave(): Promise<void> {
  await inNode(rig, NODE, 'systemctl', 'stop', 'kubelet.service');
  await rig.kubectl(['delete', 'node', NODE, '--wait=true']);
  const orphans = await rig.kubectl([
    'get',
    'pods',
    '-A',
    `--field-selector=spec.nodeName=${NODE}`,
    '-o',
    'json',
  ]);
  const { items } = JSON.parse(orphans.stdout) as {
    readonly items: readonly { readonly metadata: { readonly namespace: string; readonly name: string } }[];
  };
  for (const { metadata } of items)
    await rig.kubectl([
      '-n',
      metadata.namespace,
      'delete',
      'pod',
      metadata.name,
      '--grace-period=0',
      '--force',
    ]);
  await until(
    async () => {
      const pods = await rig.dnsPods();
      return pods.length === 2 && pods.every((pod) => hasCondition(pod, 'Ready')) ? true : undefined;
    },
    { what: 'two Ready CoreDNS pods on the other node' },
  );
}

describe('a node that joins with the wrong value', () => {
  let ended: RemediationObject & { status: RemediationStatus };
  let uid: string;
  let watch: ConditionWatch;

  beforeAll(async () => {
    await restoreCluster(rig);
    await proveAllNodes(rig, {});
    await leave();
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'systemctl', 'start', 'kubelet.service');
    await rig.waitForNodes();
    ({ uid } = (await rig.api.json<{ metadata: { uid: string } }>(`/api/v1/nodes/${NODE}`)).metadata);
    watch = watchNodeCondition(rig, NODE);
    ended = await untilEnded(rig, NODE);
    await untilCondition(rig, NODE, 'Proven');
    await watch.stop();
  });
  afterAll(async () => restoreCluster(rig));

  it('is checked because it is new, and found wrong', () => {
    expect(ended.spec).toMatchObject({
      trigger: 'Drift',
      node: { name: NODE, uid },
      drift: { why: 'FirstSeen', place: 'MayHostDNSPods', check: { resolvConf: { class: 'stub' } } },
    });
  });

  it('is healed by the proof, because no DNS pod is there to ask', async () => {
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Proven', deletedPods: [] });
    expect(await rig.resolvConf(NODE)).toBe(GOOD_RESOLV_CONF);
  });

  it('was never True in its condition before that', () => {
    expect(watch.turns.map(({ status, reason }) => `${status} ${reason}`)).toEqual([
      'Unknown Repairing',
      'True Proven',
    ]);
  });
});
