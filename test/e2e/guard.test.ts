/** Real kubelets that fail early or late, are slow, or are restarted and killed by others, while agent and guard watch them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_CONTAINER, GUARD_CONTAINER } from '../../src/api/agent-protocol.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { AgentJob } from '../support/rig/agent-job.ts';
import { restoreCluster } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import {
  type Frailty,
  installFrailKubelet,
  removeFrailKubelet,
  setFrailty,
  untilStep,
} from '../support/rig/frail-kubelet.ts';
import { inNode } from '../support/rig/node-files.ts';
import { createPool } from '../support/rig/node-pool.ts';

const rig = rigOfThisWorker();
const pool = createPool(rig.nodes.map(({ name }) => name));

interface Case {
  readonly frailty: Frailty;
  /** Done while the Job runs, from its start on. */
  readonly during?: (node: string, job: AgentJob) => Promise<void>;
}

/** A repair of the next free node, whose kubelet has a frailty: the reports, and what the node is like then. */
const repairs = async <Report extends object>(
  { frailty, during }: Case,
  wanted: (job: AgentJob) => Promise<Report>,
) =>
  pool.withOne(async (node) => {
    await rig.setResolvConf(node, BAD_RESOLV_CONF);
    const before = await rig.readFile(node, KUBELET_CONFIG);
    await inNode(rig, node, 'systemctl', 'reset-failed', 'kubelet.service');
    await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
    await untilServing(node);
    await setFrailty(rig, node, frailty);
    const job = await AgentJob.start(rig, node, `${node}-${Date.now()}`);
    try {
      await during?.(node, job);
      return {
        ...(await wanted(job)),
        value: await rig.resolvConf(node),
        bytesAsBefore: (await rig.readFile(node, KUBELET_CONFIG)) === before,
        active: await inNode(rig, node, 'systemctl', 'is-active', 'kubelet.service'),
      };
    } finally {
      await setFrailty(rig, node, 'well');
      await job.remove();
    }
  });

const theRepair = async (job: AgentJob) => job.repair();
const theGuard = async (job: AgentJob) => job.guard();

/**
 * The report with which a repair ended. On a busy machine the guard may come too late to be expected; then the agent
 * watches by itself, and its report is the last.
 */
async function theLast(job: AgentJob) {
  const repair = await job.repair();
  const last = repair.watched === false ? await job.guard() : repair;
  const tookMs = Date.parse(last.times.finished ?? '') - Date.parse(repair.times.written ?? '');
  return { ...last, end: last.outcome === 'repaired' ? 'kept' : last.outcome, tookMs };
}

async function untilServing(node: string): Promise<void> {
  const port = `: > /dev/tcp/127.0.0.1/10250`;
  await until(async () => (await rig.exec(node, ['bash', '-c', port])).code === 0 || undefined, {
    what: `the kubelet of ${node} to serve`,
  });
}

const said = (text: string | RegExp) => ({
  message: (typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text)) as string,
});
const ROLLED_BACK = {
  end: 'rolled-back',
  kubelet: { restarts: 2, active: true },
  value: BAD_RESOLV_CONF,
  bytesAsBefore: true,
  active: 'active',
};
const NEW_VALUE = { kubelet: { restarts: 1 }, value: GOOD_RESOLV_CONF, active: 'active' };
const KEPT = { end: 'kept', ...NEW_VALUE };

beforeAll(async () => {
  await restoreCluster(rig);
  await Promise.all(rig.nodes.map(async ({ name }) => installFrailKubelet(rig, name)));
});
afterAll(async () => {
  await Promise.all(rig.nodes.map(async ({ name }) => removeFrailKubelet(rig, name)));
  await restoreCluster(rig);
});

// They share the nodes of the rig, the longest first.
describe.concurrent('a kubelet with the new value', () => {
  it('is waited for if it serves only after 25 seconds, and the report says so', async () => {
    const end = await repairs({ frailty: 'slow 25' }, theLast);
    expect(end).toMatchObject({ ...KEPT, ...said(/It took (2[5-9]|3\d) s to answer on its port\./) });
  });

  // Before it serves, as soon as the first report is out, and just before the watch ends.
  it.each<[string, Frailty, number]>([
    ['1 second after its start, before it serves', 'ends 1', 1_000],
    ['2.1 seconds after it served', 'dies 2.1', 2_100],
    ['9 seconds after it served', 'dies 9', 9_000],
  ])(
    'is rolled back if it crashes %s: it gets its old file back and serves within 30 s',
    async (_when, frailty, aliveMs) => {
      const end = await repairs({ frailty }, theLast);
      expect(end).toMatchObject({ ...ROLLED_BACK, reason: 'KubeletDidNotComeUp', ...said('ended') });
      expect(end.tookMs - aliveMs).toBeLessThan(30_000);
    },
  );

  const afterItServed =
    (...argv: string[]) =>
    async (node: string): Promise<void> => {
      await untilStep(rig, node, 'guarding');
      await inNode(rig, node, ...argv);
    };
  const killed = ['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'kubelet.service'];

  it.each<[string, readonly string[], string]>([
    [
      'an administrator restarts it',
      ['systemctl', 'restart', 'kubelet.service'],
      'Something else restarted it once',
    ],
    [
      'a restart of containerd takes it along',
      ['systemctl', 'restart', 'containerd.service'],
      'Something else restarted it once',
    ],
    ['it is killed once from outside', killed, 'It ended once for an outside reason'],
  ])('keeps it if %s in the ten seconds after it served', async (_what, argv, text) => {
    const end = await repairs({ frailty: 'well', during: afterItServed(...argv) }, theLast);
    expect(end).toMatchObject({ ...KEPT, ...said(text) });
  });

  /** While the kubelet is being restarted: it takes five seconds to serve. */
  const duringTheRestart = (container: string): Case => ({
    frailty: 'slow 5',
    during: async (node, job) => {
      await untilStep(rig, node, 'restarting');
      await job.kill(container);
    },
  });

  it('is watched by the guard if the agent is killed during the restart, and the guard completes the change', async () => {
    const end = await repairs(duringTheRestart(AGENT_CONTAINER), theGuard);
    expect(end).toMatchObject({ outcome: 'kept', ...NEW_VALUE });
  });

  it('is watched by the agent to the end if the guard is killed', async () => {
    const end = await repairs(duringTheRestart(GUARD_CONTAINER), theRepair);
    expect(end).toMatchObject({ outcome: 'repaired', watched: true, ...NEW_VALUE });
  });
});
