/** A node whose CPU is requested to the last thousandth: it rejects a pod that is bound past the scheduler, but not ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAUSE_IMAGE } from '../cluster/build/cluster-images.ts';
import { until } from '../cluster/until.ts';
import { runRepairJob } from '../support/rig/agent-job.ts';
import { restoreCluster } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { apply } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';

interface PodObject {
  readonly spec: {
    readonly containers: readonly {
      readonly resources?: { readonly requests?: { readonly cpu?: string } };
    }[];
  };
  readonly status: { readonly phase: string; readonly reason?: string };
}

/** In thousandths of a CPU. */
const thousandths = (quantity = '0'): number =>
  quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1_000;

async function freeCpu(): Promise<number> {
  const node = await rig.api.json<{ status: { allocatable: { cpu: string } } }>(`/api/v1/nodes/${NODE}`);
  const { items } = await rig.api.json<{ items: PodObject[] }>(
    `/api/v1/pods?fieldSelector=spec.nodeName=${NODE}`,
  );
  const requested = items
    .filter(({ status }) => status.phase === 'Running' || status.phase === 'Pending')
    .flatMap(({ spec }) => spec.containers)
    .reduce((sum, { resources }) => sum + thousandths(resources?.requests?.cpu), 0);
  return thousandths(node.status.allocatable.cpu) - requested;
}

const startPause = async (name: string, cpu: number): Promise<void> =>
  apply(rig, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: NODE,
      containers: [{ name: 'pause', image: PAUSE_IMAGE, resources: { requests: { cpu: `${cpu}m` } } }],
    },
  });

const untilPhase = async (name: string, phase: string): Promise<PodObject> =>
  until(
    async () => {
      const pod = await rig.api.json<PodObject>(`/api/v1/namespaces/default/pods/${name}`);
      return pod.status.phase === phase ? pod : undefined;
    },
    { what: `pod ${name} to be ${phase}` },
  );

describe('a node without any CPU left to request', () => {
  beforeAll(async () => {
    await restoreCluster(rig);
    await startPause('filler', await freeCpu());
    await untilPhase('filler', 'Running');
  });
  afterAll(async () => {
    await rig.kubectl([
      '-n',
      'default',
      'delete',
      'pod',
      'filler',
      'rejected',
      '--ignore-not-found',
      '--now',
    ]);
  });

  it('rejects another pod, but runs the repair Job, and evicts nothing for it', async () => {
    await startPause('rejected', 10);
    expect((await untilPhase('rejected', 'Failed')).status.reason).toBe('OutOfcpu');
    const { repair, guard } = await runRepairJob(rig, NODE, 'full-node');
    expect(repair.outcome).toBe('already-right');
    expect(guard.outcome).toBe('nothing-to-guard');
    expect((await untilPhase('filler', 'Running')).status.phase).toBe('Running');
  });
});
