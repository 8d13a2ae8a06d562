import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askUdp } from '../../src/dns/ask-udp.ts';
import { breakNode } from '../cluster/break-node.ts';
import { GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { remediations, restoreCluster, scheduling, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy, waitForOperator } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();

describe('a cluster whose DNS is down entirely, with a CoreDNS loop on both nodes', () => {
  beforeAll(async () => {
    await restoreCluster(rig);
    for (const { name } of rig.nodes) await breakNode(rig, name);
    await waitForOperator(rig, 120);
    await applyPolicy(rig, {});
  });
  afterAll(async () => restoreCluster(rig));

  it('has both nodes healed, one after the other', async () => {
    for (const { name } of rig.nodes) {
      const { status } = await untilEnded(rig, name, 600_000);
      expect(status.phase, `${name}: ${status.message}`).toBe('Healed');
      expect(await rig.resolvConf(name)).toBe(GOOD_RESOLV_CONF);
      expect(await scheduling(rig, name)).toMatchObject({ unschedulable: false, ours: [] });
    }
    // The first node was released before the second was quarantined.
    const held = (await remediations(rig))
      .filter(({ status }) => status?.phase === 'Healed')
      .map(({ status }) => {
        const step = (name: string) => status?.steps.find((one) => one.name === name);
        return { from: step('Quarantine')?.finishedAt ?? '', to: step('Release')?.finishedAt ?? '' };
      })
      .toSorted((a, b) => (a.from < b.from ? -1 : 1));
    expect(held).toHaveLength(2);
    expect((held[0]?.to ?? '') < (held[1]?.from ?? '')).toBe(true);
  });

  it('has a DNS Service that answers again', async () => {
    const reply = await askUdp(
      { address: rig.clusterDns, port: 53 },
      'kubernetes.default.svc.cluster.local',
      AbortSignal.timeout(2_000),
    );
    expect(reply.rcode).toBe('NOERROR');
  });
});
