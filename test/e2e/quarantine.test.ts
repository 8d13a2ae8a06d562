import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { restoreCluster, scheduling, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';
const OUR_TAINT = 'dnshealth.io/quarantine:NoSchedule';
const FOREIGN_TAINT = 'example.com/maintenance:PreferNoSchedule';

describe('a node under repair', () => {
  beforeEach(async () => {
    // Before the restore: the taint keeps CoreDNS away from the node.
    await rig.kubectl(['taint', 'node', NODE, `${FOREIGN_TAINT}-`], { allowFailure: true });
    await restoreCluster(rig);
  });
  afterAll(async () => {
    await rig.kubectl(['taint', 'node', NODE, `${FOREIGN_TAINT}-`], { allowFailure: true });
    await restoreCluster(rig);
  });

  /** Scheduling of the node in the middle of the repair. */
  async function whileRepairing() {
    await untilRemediation(
      rig,
      NODE,
      'to be in quarantine',
      ({ status }) => status?.quarantine?.heldSince !== undefined,
    );
    return scheduling(rig, NODE);
  }

  it('is tainted, not cordoned, when the policy says Taint; a foreign taint is kept', async () => {
    await rig.kubectl(['taint', 'node', NODE, '--overwrite', FOREIGN_TAINT.replace(':', '=:')]);
    await breakNode(rig, NODE);
    await applyPolicy(rig, { quarantine: { strategy: 'Taint' } });
    expect(await whileRepairing()).toEqual({
      unschedulable: false,
      taints: [OUR_TAINT, FOREIGN_TAINT].toSorted(),
      ours: ['dnshealth.io/quarantine', 'dnshealth.io/quarantined-by'],
    });
    expect((await untilEnded(rig, NODE)).status.phase).toBe('Healed');
    expect(await scheduling(rig, NODE)).toEqual({ unschedulable: false, taints: [FOREIGN_TAINT], ours: [] });
  });

  it('is cordoned when the policy says Cordon, and schedulable again afterwards', async () => {
    await breakNode(rig, NODE);
    await applyPolicy(rig, { quarantine: { strategy: 'Cordon' } });
    expect(await whileRepairing()).toMatchObject({
      unschedulable: true,
      ours: ['dnshealth.io/quarantine', 'dnshealth.io/quarantined-by'],
    });
    expect((await untilEnded(rig, NODE)).status.phase).toBe('Healed');
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });

  it.each(['Cordon', 'Taint'])(
    'stays cordoned after a repair with %s if an administrator had cordoned it before',
    async (strategy) => {
      await breakNode(rig, NODE);
      await rig.kubectl(['cordon', NODE]);
      await applyPolicy(rig, { quarantine: { strategy } });
      expect((await untilEnded(rig, NODE)).status).toMatchObject({
        phase: 'Healed',
        quarantine: { nodeWasUnschedulable: true },
      });
      expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: true, ours: [] });
    },
  );
});
