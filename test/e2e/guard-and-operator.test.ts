/** What the operator makes of the guard: a kubelet that keeps failing, and a Job of which both containers are killed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AGENT_CONTAINER, GUARD_CONTAINER } from '../../src/api/agent-protocol.ts';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { AgentJob } from '../support/rig/agent-job.ts';
import { restoreCluster, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import {
  type Frailty,
  installFrailKubelet,
  removeFrailKubelet,
  setFrailty,
  untilStep,
} from '../support/rig/frail-kubelet.ts';
import { applySamplePolicy } from '../support/rig/installation.ts';
import { inNode, restartIntoLoop } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const NODE = 'node-2';

beforeAll(async () => {
  await restoreCluster(rig);
  await installFrailKubelet(rig, NODE);
});
beforeEach(async () => restoreCluster(rig));
afterAll(async () => {
  await removeFrailKubelet(rig, NODE);
  await restoreCluster(rig);
});

async function beginRepair(frailty: Frailty): Promise<void> {
  await setFrailty(rig, NODE, 'well');
  await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
  await restartIntoLoop(rig, NODE);
  await setFrailty(rig, NODE, frailty);
  await applySamplePolicy(rig);
}

describe('the operator', () => {
  it('records no repair as healed whose kubelet is killed four seconds after each start', async () => {
    await beginRepair('killed 4');
    const { status } = await untilEnded(rig, NODE);
    expect(status).toMatchObject({ phase: 'RolledBack', reason: 'KubeletDidNotComeUp' });
    expect(status.guard ?? status.repair).toMatchObject({
      outcome: 'rolled-back',
      message: expect.stringContaining('ended for the second time'),
      kubelet: { restarts: 2, active: true },
    });
    expect(await rig.resolvConf(NODE)).toBe(BAD_RESOLV_CONF);
    expect(await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
  });

  it('starts the Job again if agent and guard are both killed, and the new agent continues the watch', async () => {
    await beginRepair('slow 5');
    await untilStep(rig, NODE, 'restarting');
    const { metadata } = await untilRemediation(rig, NODE, 'to be under repair', () => true);
    const job = AgentJob.of(rig, metadata.name);
    for (const container of [AGENT_CONTAINER, GUARD_CONTAINER]) await job.kill(container);
    const { status } = await untilEnded(rig, NODE);
    expect(status).toMatchObject({
      phase: 'Healed',
      repair: { outcome: 'repaired', kubelet: { restarts: 1 } },
      repairTakenBack: [{ because: 'Silent' }],
    });
  });
});
