import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { breakNode } from '../cluster/break-node.ts';
import { fullImageName } from '../cluster/build/image-build.ts';
import { KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  nodeJobs,
  restoreCluster,
  scheduling,
  untilRemediation,
  untilRetrying,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy, IMAGE } from '../support/rig/installation.ts';

const rig = rigOfThisWorker();
/** Not the node of the operator, which could not restart without its image. */
const NODE = 'node-2';

describe('a repair Job that cannot start', () => {
  beforeEach(async () => {
    await restoreCluster(rig);
    await rig.kubectl([
      '-n',
      'dnshealth-system',
      'patch',
      'deployment',
      'dnshealth-operator',
      `--patch=${onNode('node-1')}`,
    ]);
    await rig.kubectl([
      '-n',
      'dnshealth-system',
      'rollout',
      'status',
      'deployment/dnshealth-operator',
      '--timeout=60s',
    ]);
    await breakNode(rig, NODE);
    const removed = await rig.exec(NODE, [
      'ctr',
      '-n',
      'k8s.io',
      'images',
      'rm',
      '--sync',
      fullImageName(IMAGE),
    ]);
    if (removed.code !== 0) throw new Error(removed.stderr);
  });
  afterEach(async () => {
    await rig.loadImage(inject('operatorImage'));
    await rig.kubectl([
      '-n',
      'dnshealth-system',
      'patch',
      'deployment',
      'dnshealth-operator',
      `--patch=${onNode(null)}`,
    ]);
    await restoreCluster(rig);
  });

  it('because its image is missing: the record says why and when it is tried again, and the node is released', async () => {
    const broken = await rig.readFile(NODE, KUBELET_CONFIG);
    await applyPolicy(rig, {});
    const { status } = await untilRetrying(rig, NODE);
    expect(status).toMatchObject({ phase: 'Pending', attempts: [{ reason: 'JobDidNotStart' }] });
    expect(status.message).toContain(IMAGE.split(':')[0]);
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
    // The Job is deleted right after the release, and must not start in between.
    await until(async () => (await nodeJobs(rig)).length === 0 || undefined, {
      what: 'the Job of the attempt to be removed',
    });
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
  });

  it('because its node is off: it is tried again later, and the node is released all the same', async () => {
    await applyPolicy(rig, {});
    await untilRemediation(
      rig,
      NODE,
      'to have its Job',
      ({ status }) => status?.steps.some(({ name }) => name === 'Repair') ?? false,
    );
    await rig.powerOff(NODE);
    try {
      const { status } = await untilRetrying(rig, NODE);
      expect(status).toMatchObject({ phase: 'Pending', attempts: [{ reason: 'JobDidNotStart' }] });
      expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
    } finally {
      await rig.powerOn(NODE);
      await rig.waitForNodes();
    }
  });
});

const onNode = (node: string | null): string =>
  JSON.stringify({ spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': node } } } } });
