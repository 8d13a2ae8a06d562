/** A node whose automation writes the wrong value after each repair: the record says what does, and then it is left alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { type RemediationObject, restoreCluster, untilRemediation } from '../support/rig/cluster-state.ts';
import { proveAllNodes, restartWithWrongValue } from '../support/rig/drifting-node.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { checkedLongAgo, untilCondition } from '../support/rig/node-checks.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

type Ended = RemediationObject & { readonly status: RemediationStatus };
const known = new Set<string>();

/** The next record of the node, once it has ended. */
async function nextEnded(): Promise<Ended> {
  const { status, ...next } = await untilRemediation(
    rig,
    NODE,
    'to end',
    (one) => !known.has(one.metadata.uid) && one.status?.finishedAt !== undefined,
  );
  known.add(next.metadata.uid);
  if (!status) throw new Error('the remediation has ended without a status');
  return { ...next, status };
}

/** As a run of kubespray that is limited by tags: it writes the templates of its role, and restarts the kubelet. */
async function runKubespray(): Promise<void> {
  // What the operator writes on the node at the end of an incident must not undo what makes it due again.
  await untilCondition(rig, NODE, 'Proven');
  await inNode(rig, NODE, 'touch', '/etc/kubernetes/kubelet.env');
  await restartWithWrongValue(rig, NODE);
}

describe('a node that is rewritten after each repair', () => {
  let ended: readonly Ended[];
  let starts: number;

  beforeAll(async () => {
    await restoreCluster(rig);
    await proveAllNodes(rig, { drift: { maxRepairs: 2 } });
    ({ starts } = await kubeletStarts(rig, NODE));
    const all: Ended[] = [];
    for (let run = 1; run <= 3; run += 1) {
      await runKubespray();
      all.push(await nextEnded());
    }
    ended = all;
  });
  afterAll(async () => restoreCluster(rig));

  it('is repaired twice, and then refused', () => {
    expect(ended.map(({ status: { phase, reason } }) => `${phase} ${reason}`)).toEqual([
      'Healed Verified',
      'Healed Verified',
      'Refused RepairedTooOften',
    ]);
  });

  it('has in its record which file was rewritten, when and by whom, and what may have done it', () => {
    const [first, second] = ended;
    const rewritten = second?.status.repair?.rewritten;
    expect(rewritten).toMatchObject({
      path: KUBELET_CONFIG,
      owner: '0:0',
      mode: '0600',
      sinceRepair: first?.metadata.name,
      neighbours: expect.arrayContaining([expect.objectContaining({ path: '/etc/kubernetes/kubelet.env' })]),
    });
    expect(Date.parse(rewritten?.mtime ?? '')).toBeGreaterThan(Date.parse(first?.status.finishedAt ?? ''));
    const [best] = second?.status.rewrittenBy ?? [];
    expect(best).toMatchObject({ explanation: 'KubesprayRun', confidence: 'high' });
    expect(best?.change.join('\n')).toContain(`kube_resolv_conf: ${GOOD_RESOLV_CONF}`);
  });

  it('is left alone after that, and says why', async () => {
    const { status } = ended[2] ?? {};
    expect(status?.message).toContain('KubesprayRun');
    expect(status?.advice).toContain('dnshealth.io/acknowledged=true');
    expect(await untilCondition(rig, NODE, 'RepairRefused')).toMatchObject({ status: 'False' });
    expect(await rig.resolvConf(NODE)).toBe(BAD_RESOLV_CONF);
    // Three by the automation, two by the repairs.
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(5);
  });

  it('is repaired once more after someone has acknowledged that', async () => {
    const { name } = ended[2]?.metadata ?? {};
    await rig.kubectl(['annotate', 'dnsrem', name ?? '', 'dnshealth.io/acknowledged=true']);
    await untilCondition(rig, NODE, 'Repairing');
    // What was found before that may have been corrected by hand since: the node is checked again first.
    await checkedLongAgo(rig, NODE);
    expect((await nextEnded()).status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(await untilCondition(rig, NODE, 'Proven')).toMatchObject({ status: 'True' });
  });
});
