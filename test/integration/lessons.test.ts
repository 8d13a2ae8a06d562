/** What went wrong in other tools, by the name of its report: cordons of others that were removed. Whole incidents on a real apiserver. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import type { HandDrivenCluster } from './hand-driven-cluster.ts';
import { incidentStage, POD_IP, released } from './incident-stage.ts';

const stage = incidentStage();
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
beforeEach(() => {
  ({ server, cluster } = stage);
});

const STRATEGIES = ['Taint', 'Cordon'] as const;
const TAINT_OF_OTHERS = { key: 'example.com/broken-disk', value: 'yes', effect: 'NoSchedule' };

/** What `kubectl cordon` and `kubectl uncordon` send. */
async function cordon(unschedulable: true | null): Promise<void> {
  const types = { contentType: 'application/merge-patch+json' } as const;
  const path = '/api/v1/nodes/node-1?fieldManager=kubectl-cordon';
  expect((await server.call('PATCH', path, { spec: { unschedulable } }, types)).status).toBe(200);
}

async function aLoopOn(found: object, strategy: string): Promise<void> {
  // With a label, as every node has: the API server tracks no writers of an object that was created without any field.
  await cluster.node('node-1', { labels: { 'kubernetes.io/hostname': 'node-1' } }, found);
  // Takes the pod of a node that someone else cordoned.
  await cluster.node('node-2');
  await cluster.policy('coredns', { quarantine: { strategy } });
  await cluster.loopingPod('coredns-sick', 'node-1');
}

/** Plays the part of the node from the Job on, until the node is released. */
async function heal(incident: string): Promise<void> {
  await cluster.agentReports(incident);
  await cluster.proofReports(incident);
  await cluster.podEnds('coredns-sick');
  await cluster.runningPod('coredns-new', 'node-1', POD_IP);
  const { status } = await cluster.incident('node-1', released, 'to end');
  expect(status.phase).toBe('Healed');
}

describe('system-upgrade-controller #341: after its work a node was uncordoned that others had cordoned, because nothing told whose cordon it was', () => {
  it.each(STRATEGIES)(
    'a node that was cordoned before stays cordoned after a repair with %s, with the taints of others',
    async (strategy) => {
      const found = { unschedulable: true, taints: [TAINT_OF_OTHERS] };
      await aLoopOn(found, strategy);
      const before = await cluster.nodeSpec('node-1');
      const { metadata, status } = await stage.quarantined();
      expect(status.quarantine).toMatchObject({ nodeWasUnschedulable: true });
      await heal(metadata.name);
      expect(await cluster.nodeSpec('node-1')).toEqual(before);
    },
  );

  it.each(STRATEGIES)(
    'and also if the agent refuses, so that nothing was changed, with %s',
    async (strategy) => {
      await aLoopOn({ unschedulable: true }, strategy);
      const before = await cluster.nodeSpec('node-1');
      const { metadata } = await stage.quarantined();
      await cluster.agentReports(metadata.name, {
        outcome: 'refused',
        reason: 'TargetLoops',
        nodeUnchanged: true,
      });
      await cluster.incident('node-1', released, 'to end');
      expect(await cluster.nodeSpec('node-1')).toEqual(before);
    },
  );
});

describe('NVSentinel #1424: nodes that others had isolated became schedulable, when the fault of the tool was over', () => {
  it.each(STRATEGIES)(
    'a cordon that a person writes while the node is in quarantine by %s stays',
    async (strategy) => {
      await aLoopOn({}, strategy);
      const { metadata } = await stage.quarantined();
      // On a node that is cordoned already, a second cordon is written only after the first was taken back.
      await cordon(null);
      await cordon(true);
      await heal(metadata.name);
      expect(await cluster.nodeSpec('node-1')).toEqual({ unschedulable: true });
    },
  );

  it('a node that a person uncordons in the middle of its quarantine is not cordoned again', async () => {
    await aLoopOn({}, 'Cordon');
    const { metadata } = await stage.quarantined();
    await cordon(null);
    await heal(metadata.name);
    expect(await cluster.nodeSpec('node-1')).toEqual({});
  });
});
