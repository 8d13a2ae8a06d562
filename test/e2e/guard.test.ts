/** Real kubelets that fail late, are slow, or are restarted and killed by others while the guard watches them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_CONTAINER, GUARD_CONTAINER } from '../../src/api/agent-protocol.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import { AgentJob } from '../support/rig/agent-job.ts';
import { restoreCluster, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import {
  type Frailty,
  installFrailKubelet,
  removeFrailKubelet,
  setFrailty,
} from '../support/rig/frail-kubelet.ts';
import { applySamplePolicy } from '../support/rig/installation.ts';
import { inNode, restartIntoLoop } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();
const [FIRST = '', SECOND = ''] = rig.nodes.map(({ name }) => name);
const JOURNAL = '/var/lib/dnshealth/journal.json';

interface Case {
  readonly frailty: Frailty;
  /** Done while the Job runs, from its start on. */
  readonly during?: (node: string, job: AgentJob) => Promise<void>;
}

/**
 * A repair of a node whose kubelet has a frailty: how it ended, and what the node is like then. On a busy machine the guard
 * may come too late to be expected; then the agent watches by itself, and its report is the last.
 */
async function repairs(node: string, { frailty, during }: Case) {
  await rig.setResolvConf(node, BAD_RESOLV_CONF);
  await inNode(rig, node, 'systemctl', 'reset-failed', 'kubelet.service');
  await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
  await untilServing(node);
  await setFrailty(rig, node, frailty);
  const job = await AgentJob.start(rig, node, `${node}-${Date.now()}`);
  try {
    await during?.(node, job);
    const repair = await job.repair();
    const { outcome, reason, message, kubelet, times } =
      repair.watched === false ? await job.guard() : repair;
    const tookMs = Date.parse(times.finished ?? '') - Date.parse(repair.times.written ?? '');
    return {
      end: outcome === 'repaired' ? 'kept' : outcome,
      reason,
      message,
      kubelet,
      tookMs,
      ...(await stateOf(node)),
    };
  } finally {
    await setFrailty(rig, node, 'well');
    await job.remove();
  }
}

/** One repair on each node; both have ended when this returns, also if one has failed. */
async function onBoth(first: Case, second: Case) {
  const [a, b] = await Promise.allSettled([repairs(FIRST, first), repairs(SECOND, second)]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value] as const;
}

async function untilServing(node: string): Promise<void> {
  const port = `: > /dev/tcp/127.0.0.1/10250`;
  await until(async () => (await rig.exec(node, ['bash', '-c', port])).code === 0 || undefined, {
    what: `the kubelet of ${node} to serve`,
    timeoutMs: 30_000,
  });
}

async function stateOf(node: string) {
  return {
    value: await rig.resolvConf(node),
    active: await inNode(rig, node, 'systemctl', 'is-active', 'kubelet.service'),
  };
}

/** Waits for a step of the journal on the node. */
const untilStep = async (node: string, step: string): Promise<void> => {
  await until(
    async () => {
      const { stdout } = await rig.exec(node, ['cat', JOURNAL]);
      return (JSON.parse(stdout) as { step: string }).step === step || undefined;
    },
    { what: `the step ${step} on ${node}`, timeoutMs: 60_000, everyMs: 50 },
  );
};

const ROLLED_BACK = {
  end: 'rolled-back',
  kubelet: { restarts: 2, active: true },
  value: BAD_RESOLV_CONF,
  active: 'active',
};
const KEPT = { end: 'kept', kubelet: { restarts: 1 }, value: GOOD_RESOLV_CONF, active: 'active' };

beforeAll(async () => {
  await restoreCluster(rig);
  for (const { name } of rig.nodes) await installFrailKubelet(rig, name);
});
afterAll(async () => {
  for (const { name } of rig.nodes) await removeFrailKubelet(rig, name);
  await restoreCluster(rig);
});

describe('a kubelet that crashes with the new value', () => {
  const cases: readonly Frailty[] = ['dies 2.1', 'dies 3', 'dies 4', 'dies 5', 'dies 9'];

  it('gets its old value back, whether it crashes 2.1, 3, 4, 5 or 9 seconds after it served, and serves within 30 s', async () => {
    const queue = [...cases];
    const ends = new Map<Frailty, object>();
    const work = async (node: string): Promise<void> => {
      for (let frailty = queue.shift(); frailty !== undefined; frailty = queue.shift()) {
        const end = await repairs(node, { frailty });
        const aliveMs = Number(frailty.split(' ')[1]) * 1_000;
        ends.set(frailty, { ...end, within30s: end.tookMs - aliveMs < 30_000 });
      }
    };
    await Promise.all([work(FIRST), work(SECOND)]);
    const expected = { ...ROLLED_BACK, within30s: true };
    expect(Object.fromEntries(ends)).toMatchObject(
      Object.fromEntries(cases.map((frailty) => [frailty, expected])),
    );
  });
});

describe('a kubelet that serves late with the new value', () => {
  it('is waited for, 25 and 45 seconds, and the reports say so', async () => {
    const [sooner, later] = await onBoth({ frailty: 'slow 25' }, { frailty: 'slow 45' });
    const said = (seconds: RegExp) => ({ ...KEPT, message: expect.stringMatching(seconds) as string });
    expect(sooner).toMatchObject(said(/It took (2[5-9]|3\d) s to answer on its port\./));
    expect(later).toMatchObject(said(/It took (4[5-9]|5\d) s to answer on its port\./));
  });
});

describe('a kubelet that others restart or kill in the ten seconds after it served', () => {
  const afterItServed =
    (...argv: string[]) =>
    async (node: string): Promise<void> => {
      await untilStep(node, 'guarding');
      await inNode(rig, node, ...argv);
    };

  it('keeps its new value if an administrator restarts it, and if a restart of containerd takes it along', async () => {
    const [byHand, along] = await onBoth(
      {
        frailty: 'well',
        during: afterItServed('systemctl', 'restart', 'kubelet.service'),
      },
      {
        frailty: 'well',
        during: afterItServed('systemctl', 'restart', 'containerd.service'),
      },
    );
    for (const end of [byHand, along]) {
      const message = expect.stringContaining('Something else restarted it once') as string;
      expect(end).toMatchObject({ ...KEPT, message });
    }
  });

  it('keeps its new value after one SIGKILL, but not if it is killed four seconds after each start', async () => {
    const kill = ['systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'kubelet.service'];
    const [once, always] = await onBoth(
      { frailty: 'well', during: afterItServed(...kill) },
      { frailty: 'killed 4' },
    );
    const said = (text: string) => ({ message: expect.stringContaining(text) as string });
    expect(once).toMatchObject({ ...KEPT, ...said('It ended once for an outside reason') });
    expect(always).toMatchObject({ ...ROLLED_BACK, ...said('ended for the second time') });
  });
});

describe('an agent or a guard that is killed', () => {
  /** While the kubelet is being restarted: it takes five seconds to serve. */
  const duringTheRestart =
    (...containers: string[]) =>
    async (node: string, job: AgentJob): Promise<void> => {
      await untilStep(node, 'restarting');
      for (const container of containers) await job.kill(container);
    };

  it('is replaced by the other one: the guard completes the change, or the agent watches by itself', async () => {
    const run = async (node: string, killed: string) => {
      await rig.setResolvConf(node, BAD_RESOLV_CONF);
      await inNode(rig, node, 'systemctl', 'restart', 'kubelet.service');
      await untilServing(node);
      await setFrailty(rig, node, 'slow 5');
      const job = await AgentJob.start(rig, node, `${node}-${Date.now()}`);
      try {
        await duringTheRestart(killed)(node, job);
        return killed === AGENT_CONTAINER ? await job.guard() : await job.repair();
      } finally {
        await setFrailty(rig, node, 'well');
        await job.remove();
      }
    };
    const [guard, repair] = await Promise.all([run(FIRST, AGENT_CONTAINER), run(SECOND, GUARD_CONTAINER)]);
    expect(guard).toMatchObject({ outcome: 'kept', kubelet: { restarts: 1 } });
    expect(repair).toMatchObject({ outcome: 'repaired', watched: true, kubelet: { restarts: 1 } });
    for (const node of [FIRST, SECOND])
      expect(await stateOf(node)).toEqual({ value: GOOD_RESOLV_CONF, active: 'active' });
  });
});

describe('the operator', () => {
  it('records no repair as healed whose kubelet is killed four seconds after each start', async () => {
    await restoreCluster(rig);
    await rig.setResolvConf(SECOND, BAD_RESOLV_CONF);
    await restartIntoLoop(rig, SECOND);
    await setFrailty(rig, SECOND, 'killed 4');
    await applySamplePolicy(rig);
    const { status } = await untilEnded(rig, SECOND);
    expect(status).toMatchObject({
      phase: 'RolledBack',
      reason: 'KubeletDidNotComeUp',
    });
    const last = status.guard ?? status.repair;
    expect(last).toMatchObject({ outcome: 'rolled-back', kubelet: { restarts: 2, active: true } });
    expect(await stateOf(SECOND)).toEqual({ value: BAD_RESOLV_CONF, active: 'active' });
    await setFrailty(rig, SECOND, 'well');
  });

  it('starts the Job again if agent and guard are both killed, and the new agent continues the watch', async () => {
    await restoreCluster(rig);
    await rig.setResolvConf(SECOND, BAD_RESOLV_CONF);
    await restartIntoLoop(rig, SECOND);
    await setFrailty(rig, SECOND, 'slow 5');
    await applySamplePolicy(rig);
    await untilStep(SECOND, 'restarting');
    const { metadata } = await untilRemediation(rig, SECOND, 'to be under repair', () => true);
    const job = AgentJob.of(rig, metadata.name);
    for (const container of [AGENT_CONTAINER, GUARD_CONTAINER]) await job.kill(container);
    const { status } = await untilEnded(rig, SECOND);
    expect(status).toMatchObject({
      phase: 'Healed',
      repair: { outcome: 'repaired', kubelet: { restarts: 1 } },
      repairTakenBack: [{ because: 'Silent' }],
    });
    await setFrailty(rig, SECOND, 'well');
  });
});
