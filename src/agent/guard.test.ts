import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY } from './testing/fake-node.ts';
import { GUARD_MS } from './unit/watch.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** Agent and guard as two containers of one pod: the guard is connected before the agent decides. */
async function repairWithGuard() {
  await node.startKubelet();
  node.agentEnded = false;
  node.expectsGuard = true;
  const guarding = node.guard();
  const repair = await node.repair();
  node.agentEnded = true;
  return { repair, guard: await guarding, endedAt: node.nowMs };
}

describe('an agent with a guard', () => {
  it('reports when the kubelet serves, and the guard reports ten seconds later that it still does', async () => {
    const { repair, guard, endedAt } = await repairWithGuard();
    expect(repair).toMatchObject({ outcome: 'repaired', watched: false, kubelet: { restarts: 1 } });
    const { restarted = '', written = '', finished = '' } = repair.times;
    expect(Date.parse(finished) - Date.parse(written)).toBeLessThan(GUARD_MS);
    expect(guard).toMatchObject({
      outcome: 'kept',
      reason: 'Kept',
      nodeUnchanged: false,
      kubelet: { active: true },
    });
    expect(endedAt - Date.parse(restarted)).toBeGreaterThanOrEqual(GUARD_MS);
    expect(node.read()).toBe(GOOD);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('does not end while the new kubelet looks up the containers that exist, which takes it part of a second', async () => {
    const { repair } = await repairWithGuard();
    const { restarted = '', finished = '' } = repair.times;
    const stayedMs = Date.parse(finished) - Date.parse(restarted);
    expect(stayedMs).toBeGreaterThanOrEqual(500);
    expect(stayedMs).toBeLessThan(1_000);
  });

  it.each([2.1, 3, 4, 5, 9])(
    'has its change undone by the guard if the kubelet dies %f s after it served',
    async (seconds) => {
      node.livesMs = (text) => (text === GOOD ? seconds * 1_000 : Number.POSITIVE_INFINITY);
      const { repair, guard } = await repairWithGuard();
      expect(repair).toMatchObject({ outcome: 'repaired' });
      expect(guard).toMatchObject({
        outcome: 'rolled-back',
        reason: 'KubeletDidNotComeUp',
        nodeUnchanged: true,
        kubelet: { restarts: 2, active: true },
      });
      expect(guard.message).toContain('exit code 1');
      expect(node.read()).toBe(BAD);
      expect(node.restarts).toBe(2);
      expect(node.journalIsOpen()).toBe(false);
    },
  );

  it('has its change kept if someone else restarts the kubelet while it is watched', async () => {
    node.livesMs = (text) => {
      if (node.agentEnded && node.restarts === 1 && text === GOOD) node.restartByHand();
      return Number.POSITIVE_INFINITY;
    };
    const { guard } = await repairWithGuard();
    expect(guard).toMatchObject({
      outcome: 'kept',
      message: expect.stringContaining('Something else restarted it once'),
    });
  });

  it.each([
    ['writes the old content back', BAD, 'WrittenBack', true],
    ['writes something else', `${GOOD}# mine\n`, 'ForeignEdit', false],
  ])(
    'is contradicted by the guard if something else %s while the kubelet is watched',
    async (_what, text, reason, nodeUnchanged) => {
      node.livesMs = () => {
        if (node.restarts === 1 && node.agentEnded) node.write(KUBESPRAY, text, 0o600);
        return Number.POSITIVE_INFINITY;
      };
      const { repair, guard } = await repairWithGuard();
      expect(repair).toMatchObject({ outcome: 'repaired' });
      expect(guard).toMatchObject({ outcome: 'failed', reason, nodeUnchanged, kubelet: { active: true } });
      expect(node.read()).toBe(text);
      expect(node.journalIsOpen()).toBe(false);
    },
  );
});

describe('an agent without a guard', () => {
  it('waits three seconds for one that was started with it, before it changes anything', async () => {
    node.expectsGuard = true;
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'repaired', watched: true });
    const { decided = '', written = '' } = report.times;
    expect(Date.parse(written) - Date.parse(decided)).toBeGreaterThanOrEqual(3_000);
    expect(Date.parse(written) - Date.parse(decided)).toBeLessThan(3_200);
  });

  it('watches the kubelet itself, and only then reports', async () => {
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'repaired', watched: true });
    const { restarted = '', finished = '' } = report.times;
    expect(Date.parse(finished) - Date.parse(restarted)).toBeGreaterThanOrEqual(GUARD_MS);
  });

  it('undoes the change itself', async () => {
    node.livesMs = (text) => (text === GOOD ? 5_000 : Number.POSITIVE_INFINITY);
    expect(await node.repair()).toMatchObject({ outcome: 'rolled-back' });
    expect(node.read()).toBe(BAD);
  });

  it('does not report a repair if the kubelet’s start has written the old content back', async () => {
    node.livesMs = () => {
      if (node.restarts === 1) node.write(KUBESPRAY, BAD, 0o600);
      return Number.POSITIVE_INFINITY;
    };
    const report = await node.repair();
    expect(report).toMatchObject({
      outcome: 'failed',
      reason: 'WrittenBack',
      nodeUnchanged: true,
      kubelet: { restarts: 1, active: true },
    });
    expect(report.advice).toContain('ExecStartPre=');
    const { restarted = '', finished = '' } = report.times;
    expect(Date.parse(finished) - Date.parse(restarted)).toBeLessThan(1_000);
  });

  it('does not take the guard of another incident for its own', async () => {
    node.agentEnded = false;
    const guarding = node.guard({ nonce: 'uid-2', remediation: 'other' });
    expect(await node.repair()).toMatchObject({ outcome: 'repaired', watched: true });
    node.agentEnded = true;
    expect(await guarding).toMatchObject({ outcome: 'nothing-to-guard' });
  });
});

describe('a guard whose agent is gone', () => {
  /** The node as a killed agent left it, at every moment at which its journal or its file was another. */
  async function leftovers(
    prepare: (node: FakeNode) => void = () => undefined,
  ): Promise<readonly FakeNode[]> {
    const taken = new Map<string, FakeNode>();
    prepare(node);
    node.onCall = () => {
      const key = `${node.journalStep()} ${node.read()} ${node.restarts}`;
      if (!taken.has(key)) taken.set(key, node.copy());
    };
    await node.repair();
    return [...taken.values()];
  }

  it('completes the change from every moment, with one restart in total', async () => {
    const left = await leftovers();
    expect(left.map((killed) => killed.journalStep())).toEqual(
      expect.arrayContaining(['restarting', 'guarding']),
    );
    for (const killed of left) {
      const wasBegun = killed.journalStep() !== undefined;
      expect(await killed.guard()).toMatchObject({ outcome: wasBegun ? 'kept' : 'nothing-to-guard' });
      expect(killed.read()).toBe(wasBegun ? GOOD : BAD);
      expect(killed.restarts).toBe(wasBegun ? 1 : 0);
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('undoes it from every moment if the kubelet does not come up', async () => {
    for (const killed of await leftovers((n) => {
      n.livesMs = (text) => (text === GOOD ? 3_000 : Number.POSITIVE_INFINITY);
    })) {
      const wasBegun = killed.journalStep() !== undefined;
      expect(await killed.guard()).toMatchObject({ outcome: wasBegun ? 'rolled-back' : 'nothing-to-guard' });
      expect(killed.read()).toBe(BAD);
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('reports what the agent itself has watched to the end', async () => {
    await node.repair();
    expect(await node.guard()).toMatchObject({ outcome: 'kept' });
  });

  it('reports nothing to guard after a refusal', async () => {
    node.ask = async () => ({ result: 'timeout', ms: 1 });
    expect(await node.repair()).toMatchObject({ outcome: 'refused' });
    expect(await node.guard()).toMatchObject({ outcome: 'nothing-to-guard', nodeUnchanged: true });
  });

  it('does not touch what another incident has left, or what its Job may not write', async () => {
    const killed = (await leftovers()).find((one) => one.journalStep() === 'guarding');
    expect(await killed?.guard({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'nothing-to-guard',
    });
    expect(await killed?.guard({ writable: ['/etc/default'] })).toMatchObject({
      outcome: 'nothing-to-guard',
    });
    expect(killed?.journalStep()).toBe('guarding');
  });

  it('ends when it is stopped, or when no agent has come within a minute', async () => {
    node.agentEnded = false;
    const startedAt = node.nowMs;
    expect(await node.guard()).toMatchObject({ outcome: 'nothing-to-guard' });
    expect(node.nowMs - startedAt).toBeGreaterThan(60_000);
    node.stop.abort();
    const stoppedAt = node.nowMs;
    expect(await node.guard()).toMatchObject({ outcome: 'nothing-to-guard' });
    expect(node.nowMs).toBe(stoppedAt);
  });
});
