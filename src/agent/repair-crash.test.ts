import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY } from './testing/fake-node.ts';

// Each goes through many runs; a busy machine takes long for them.
vi.setConfig({ testTimeout: 60_000 });

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

describe('repair after a crash', () => {
  /** Runs once, keeps a copy of the whole node at every word with systemd: each is a moment at which it may be killed. */
  async function snapshots(prepare: (node: FakeNode) => void): Promise<readonly FakeNode[]> {
    const taken: FakeNode[] = [];
    prepare(node);
    node.onCall = () => taken.push(node.copy());
    await node.repair();
    node.onCall = () => undefined;
    return taken;
  }

  it('ends repaired from every moment of a good run, with one restart over all', async () => {
    const taken = await snapshots(() => undefined);
    expect(taken.length).toBeGreaterThan(5);
    for (const killed of taken) {
      expect(await killed.repair()).toMatchObject({
        outcome: 'repaired',
        kubelet: { restarts: 1, active: true },
      });
      expect(killed.read()).toBe(GOOD);
      expect(killed.restarts).toBe(1);
      expect(await killed.repair()).toMatchObject({ outcome: 'repaired', reason: 'EndedEarlier' });
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('ends rolled back from every moment of a run whose kubelet does not come up', async () => {
    const taken = await snapshots((n) => {
      n.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    });
    for (const killed of taken) {
      expect(await killed.repair()).toMatchObject({
        outcome: 'rolled-back',
        kubelet: { restarts: 2, active: true },
      });
      expect(killed.read()).toBe(BAD);
      expect(killed.restarts).toBe(2);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('settles what another incident left, since a node has one kubelet, and then looks for itself', async () => {
    const taken = await snapshots(() => undefined);
    for (const killed of taken) {
      // New bytes that are whole are gone on with: the kubelet then reads the target before this incident looks.
      const outcome = killed.read() === GOOD ? 'already-right' : 'repaired';
      expect(await killed.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({ outcome });
      expect(killed.read()).toBe(GOOD);
      expect(killed.restarts).toBe(1);
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('touches nothing that somebody else has written meanwhile', async () => {
    const taken = await snapshots(() => undefined);
    for (const killed of taken.filter((one) => one.journalIsOpen())) {
      killed.write(KUBESPRAY, `${GOOD}# mine\n`);
      expect(await killed.repair()).toMatchObject({
        outcome: 'failed',
        reason: 'ForeignEdit',
        nodeUnchanged: false,
      });
      expect(killed.read()).toBe(`${GOOD}# mine\n`);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('does not settle again what had ended before its journal was put aside', async () => {
    node.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    await node.repair();
    const state = join(node.root, 'var/lib/dnshealth');
    renameSync(join(state, 'node-1-abc/journal.json'), join(state, 'journal.json'));
    expect(await node.repair()).toMatchObject({ outcome: 'rolled-back', reason: 'EndedEarlier' });
    expect(node.restarts).toBe(2);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('does not report the end of another incident as its own', async () => {
    node.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    await node.repair();
    node.starts = () => 'runs';
    const state = join(node.root, 'var/lib/dnshealth');
    renameSync(join(state, 'node-1-abc/journal.json'), join(state, 'journal.json'));
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'repaired',
      reason: 'Repaired',
    });
    expect(node.restarts).toBe(3);
  });

  it('does not take a damaged journal for none', async () => {
    node.write('/var/lib/dnshealth/journal.json', '{');
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'InternalError',
      nodeUnchanged: false,
    });
    expect(node.read()).toBe(BAD);
  });
});

describe('repair after a run that could not restart the kubelet', () => {
  it('does not take its own undoing for somebody’s pending edit: the next incident repairs', async () => {
    node.refusesRestart = true;
    await node.repair();
    node.refusesRestart = false;
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'repaired',
    });
    expect(node.restarts).toBe(1);
  });

  it('still sees the pending edit that somebody has made after its undoing', async () => {
    node.refusesRestart = true;
    await node.repair();
    node.refusesRestart = false;
    node.write(KUBESPRAY, `${BAD}# mine\n`);
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'refused',
      reason: 'PendingChanges',
    });
  });

  it('asks again in the next run where systemd did not take the restart with the old bytes', async () => {
    node.starts = (text) => {
      node.refusesRestart = text === GOOD;
      return text === GOOD ? 'exits' : 'runs';
    };
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDown',
      nodeUnchanged: true,
      kubelet: { active: false },
    });
    expect(node.read()).toBe(BAD);
    node.refusesRestart = false;
    expect(await node.repair()).toMatchObject({ outcome: 'rolled-back', kubelet: { active: true } });
    expect(node.restarts).toBe(2);
  });
});
