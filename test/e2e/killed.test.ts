import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { breakNode } from '../cluster/break-node.ts';
import { GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import {
  nodeJobs,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRemediation,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy, leadingPod, OPERATOR_NAMESPACE } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';

const moments: readonly {
  readonly when: string;
  readonly reached: (status: RemediationStatus) => boolean;
}[] = [
  { when: 'in quarantine', reached: ({ quarantine }) => quarantine?.heldSince !== undefined },
  { when: 'in the repair Job', reached: ({ steps }) => steps.some(({ name }) => name === 'Repair') },
  { when: 'before the release', reached: ({ repair }) => repair !== undefined },
];

describe('the leader of the operator is killed', () => {
  beforeEach(async () => restoreCluster(rig));
  afterAll(async () => restoreCluster(rig));

  it.each(moments)(
    '$when: its successor continues from the state of the cluster, and the repair is done once',
    async ({ when, reached }) => {
      await breakNode(rig, NODE);
      const before = await kubeletStarts(rig, NODE);
      await applyPolicy(rig, {});
      await untilRemediation(
        rig,
        NODE,
        `to be ${when}`,
        ({ status }) => status !== undefined && reached(status),
      );
      // The other replica takes over once the lease has expired.
      await rig.killContainer(OPERATOR_NAMESPACE, (await leadingPod(rig)).name);

      const { status } = await untilEnded(rig, NODE);
      expect(status.phase).toBe('Healed');
      expect(await remediations(rig)).toHaveLength(1);
      expect(await rig.resolvConf(NODE)).toBe(GOOD_RESOLV_CONF);
      expect((await kubeletStarts(rig, NODE)).starts - before.starts).toBe(1);
      expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
      expect(await nodeJobs(rig)).toHaveLength(1);
    },
  );
});
