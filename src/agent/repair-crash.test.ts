import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY } from './testing/fake-node.ts';

// Each test goes through many runs, which takes long on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

describe('repair after a crash', () => {
  /** Runs once and copies the whole node at every call to systemd: each is a moment at which it may be killed. */
  async function snapshots(prepare: (node: FakeNode) => void): Promise<readonly FakeNode[]> {
    const taken: FakeNode[] = [];
    prepare(node);
    node.onCall = () => taken.push(node.copy());
    await node.repair();
    node.onCall = () => undefined;
    return taken;
  }

  it('ends repaired from every moment of a good run, with one restart in total', async () => {
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

  it('settles what another incident has left, since a node has one kubelet, and then assesses the node itself', async () => {
    const taken = await snapshots(() => undefined);
    for (const killed of taken) {
      // New bytes that are whole are kept: then the kubelet reads the target before this incident assesses the node.
      const outcome = killed.read() === GOOD ? 'already-right' : 'repaired';
      expect(await killed.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({ outcome });
      expect(killed.read()).toBe(GOOD);
      expect(killed.restarts).toBe(1);
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('does not touch what someone else has written in the meantime', async () => {
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

  it('does not settle again a run that had ended before its journal was put aside', async () => {
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

  it('does not treat a damaged journal as a missing one', async () => {
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
  it('does not mistake its own undo for a pending edit: the next incident repairs', async () => {
    node.refusesRestart = true;
    await node.repair();
    node.refusesRestart = false;
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'repaired',
    });
    expect(node.restarts).toBe(1);
  });

  it('still detects a pending edit that was made after its undo', async () => {
    node.refusesRestart = true;
    await node.repair();
    node.refusesRestart = false;
    node.write(KUBESPRAY, `${BAD}# mine\n`);
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'refused',
      reason: 'PendingChanges',
    });
  });

  it('requests the restart with the old bytes again in the next run if systemd has refused it', async () => {
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
