/** What people and other programs do to a node while it is in quarantine is theirs, and the quarantine has an end of its own. */
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { InterferenceKind } from '../../src/api/interference.ts';
import { breakNode } from '../cluster/break-node.ts';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { restoreCluster, scheduling, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { allowJobs, forbidJobs } from '../support/rig/no-jobs.ts';
import { inNode } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';
const THEIR_TAINT = 'example.com/theirs';

async function removeForeign(): Promise<void> {
  await rig.kubectl(['taint', 'node', NODE, `${THEIR_TAINT}-`], { allowFailure: true });
}

beforeEach(async () => {
  await allowJobs(rig);
  await removeForeign();
  await restoreCluster(rig);
});
afterAll(async () => {
  await allowJobs(rig);
  await removeForeign();
  await restoreCluster(rig);
});

/** The node is in quarantine, and nothing more can happen to it until Jobs are allowed. */
async function heldBy(quarantine: object): Promise<void> {
  await breakNode(rig, NODE);
  await forbidJobs(rig);
  await applyPolicy(rig, { quarantine });
  await untilRemediation(
    rig,
    NODE,
    'to be in quarantine',
    ({ status }) => status?.quarantine?.heldSince !== undefined,
  );
}

/** With these changes of others on its record. */
async function heals(interference: readonly InterferenceKind[]): Promise<void> {
  await allowJobs(rig);
  const { status } = await untilEnded(rig, NODE);
  expect(status).toMatchObject({ phase: 'Healed' });
  expect(status.interference.map(({ what }) => what)).toEqual(interference);
}

describe('in the middle of a quarantine', () => {
  it('a cordon and a taint of a person stay, and ours goes', async () => {
    await heldBy({ strategy: 'Taint' });
    await rig.kubectl(['cordon', NODE]);
    await rig.kubectl(['taint', 'node', NODE, `${THEIR_TAINT}=:NoSchedule`]);
    await heals(['Cordoned']);
    expect(await scheduling(rig, NODE)).toEqual({
      unschedulable: true,
      taints: [`${THEIR_TAINT}:NoSchedule`],
      ours: [],
    });
  });
});

it('a quarantine whose repair cannot begin ends after maxSeconds: the record has failed, the node is free and unchanged', async () => {
  await heldBy({ maxSeconds: 60 });
  const { status } = await untilEnded(rig, NODE);
  expect(status).toMatchObject({ phase: 'Failed', reason: 'QuarantineTimedOut' });
  const quarantined = status.steps.find(({ name }) => name === 'Quarantine')?.finishedAt ?? '';
  const heldMs = Date.parse(status.finishedAt ?? '') - Date.parse(quarantined);
  expect(heldMs).toBeGreaterThanOrEqual(59_000);
  // Between two looks at it lies the back-off after an error. The deadline of a repair Job, 150 s, is none of a quarantine.
  expect(heldMs).toBeLessThan(140_000);
  expect(await scheduling(rig, NODE)).toEqual({ unschedulable: false, taints: [], ours: [] });
  expect(await rig.resolvConf(NODE)).toBe(BAD_RESOLV_CONF);
  expect(await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
});
