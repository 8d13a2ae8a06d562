import { linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(async () => {
  node = new FakeNode();
  await node.repair();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** Agent and guard as two containers of one pod. */
async function rollbackWithGuard() {
  node.agentEnded = false;
  node.expectsGuard = true;
  const guarding = node.guard({ nonce: 'uid-back', remediation: 'node-1-back' });
  const rollback = await node.rollback();
  node.agentEnded = true;
  return { rollback, guard: await guarding };
}

describe('a rollback', () => {
  it('restores the old bytes, restarts the kubelet once, and reports it', async () => {
    const report = await node.rollback();
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      reason: 'RolledBack',
      nodeUnchanged: false,
      watched: true,
      change: {
        path: KUBESPRAY,
        before: expect.stringContaining(UPLINK),
        after: expect.stringContaining('/etc/resolv.conf'),
      },
      kubelet: { pidBefore: 101, pidAfter: 102, restarts: 1, active: true },
    });
    expect(report.message).toContain('The content from before node-1-abc was restored');
    expect(report.change?.diff).toContain(`-resolvConf: "${UPLINK}"`);
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(2);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('keeps owner, mode and place of the file', async () => {
    const identity = () => {
      const { uid, gid, mode } = statSync(join(node.root, KUBESPRAY));
      return { uid, gid, mode };
    };
    const before = identity();
    await node.rollback();
    expect(identity()).toEqual(before);
  });

  it('is reported again, and not repeated, if its report was lost', async () => {
    await node.rollback();
    expect(await node.rollback()).toMatchObject({ outcome: 'rolled-back', reason: 'EndedEarlier' });
    expect(node.restarts).toBe(2);
  });

  it('happens once: for a second request there is nothing to roll back', async () => {
    await node.rollback();
    expect(await node.rollback({ nonce: 'uid-3', remediation: 'node-1-again' })).toMatchObject({
      outcome: 'refused',
      reason: 'NothingToRollBack',
      nodeUnchanged: true,
    });
    expect(node.restarts).toBe(2);
  });

  it('does not prevent a later repair, which is not taken for the work of a stranger', async () => {
    await node.rollback();
    const report = await node.repair({ nonce: 'uid-2', remediation: 'other' });
    expect(report).toMatchObject({ outcome: 'repaired' });
    expect(report.rewritten?.sinceRepair).toBeUndefined();
    expect(await node.rollback({ nonce: 'uid-4', remediation: 'other-back', of: 'other' })).toMatchObject({
      outcome: 'rolled-back',
    });
    expect(node.read()).toBe(BAD);
  });

  it('is undone if the kubelet does not come up with the old bytes: the repaired ones are back', async () => {
    node.starts = (text) => (text === BAD ? 'exits' : 'runs');
    const report = await node.rollback();
    expect(report).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDidNotComeUp',
      nodeUnchanged: true,
      kubelet: { restarts: 2, active: true },
    });
    expect(report.message).toContain('The configuration that node-1-abc had written was restored');
    expect(node.read()).toBe(GOOD);
    // The repair is in place again, and can be taken back later.
    node.starts = () => 'runs';
    expect(await node.rollback({ nonce: 'uid-3', remediation: 'node-1-again' })).toMatchObject({
      outcome: 'rolled-back',
    });
  });

  it('can be asked for again where systemd refused the restart: the file that was put back is not a pending edit', async () => {
    node.refusesRestart = true;
    expect(await node.rollback()).toMatchObject({ outcome: 'failed', nodeUnchanged: true });
    expect(node.read()).toBe(GOOD);
    node.refusesRestart = false;
    expect(await node.rollback({ nonce: 'uid-3', remediation: 'node-1-again' })).toMatchObject({
      outcome: 'rolled-back',
    });
    expect(node.read()).toBe(BAD);
  });

  it('is undone by its guard if the kubelet dies seconds after it served', async () => {
    node.livesMs = (text) => (text === BAD && node.restarts === 2 ? 5_000 : Number.POSITIVE_INFINITY);
    const { rollback, guard } = await rollbackWithGuard();
    expect(rollback).toMatchObject({ outcome: 'rolled-back', watched: false });
    expect(guard).toMatchObject({
      outcome: 'rolled-back',
      reason: 'KubeletDidNotComeUp',
      nodeUnchanged: true,
      kubelet: { restarts: 2, active: true },
    });
    expect(node.read()).toBe(GOOD);
  });

  it('is watched by its guard for as long as a repair', async () => {
    const { guard } = await rollbackWithGuard();
    expect(guard).toMatchObject({ outcome: 'kept', nodeUnchanged: false });
    expect(guard.message).toContain('the configuration from before node-1-abc');
    expect(node.read()).toBe(BAD);
  });

  it('settles first what another run has left unfinished', async () => {
    const other = new FakeNode();
    const left: FakeNode[] = [];
    other.onCall = () => left.push(other.copy());
    await other.repair();
    rmSync(other.root, { recursive: true });
    const killed = left.filter((one) => one.journalIsOpen());
    expect(killed.length).toBeGreaterThan(1);
    for (const one of killed) {
      expect(await one.rollback()).toMatchObject({ outcome: 'rolled-back' });
      expect(one.read()).toBe(BAD);
      expect(one.journalIsOpen()).toBe(false);
    }
    for (const one of left) rmSync(one.root, { recursive: true });
  });

  it.each<[string, string, () => unknown]>([
    ['the file was changed since the repair', 'ChangedSince', () => node.write(KUBESPRAY, `${GOOD}# mine\n`)],
    ['the file already has its old content', 'NothingToRollBack', () => node.write(KUBESPRAY, BAD)],
    [
      'the backup was tampered with',
      'ChangedSince',
      async () => {
        const { change } = await node.repair();
        writeFileSync(join(node.root, change?.backup ?? ''), 'resolvConf: /evil\n');
      },
    ],
    [
      'no remediation of that name has repaired this node',
      'NothingToRollBack',
      () => rmSync(join(node.root, 'var/lib/dnshealth/node-1-abc'), { recursive: true }),
    ],
    [
      'another file has changed that the restart would apply',
      'PendingChanges',
      async () => {
        await node.startKubelet();
        node.write('/etc/kubernetes/kubelet.env', `KUBELET_ARGS="--v=4 --config=${KUBESPRAY}"\n`);
      },
    ],
    [
      'the file has a second hard link',
      'UnsafePath',
      () => linkSync(join(node.root, KUBESPRAY), join(node.root, `${KUBESPRAY}.link`)),
    ],
    ['systemd has a job queued', 'UnitBusy', () => (node.override = { jobPending: true })],
    ['the unit is masked', 'UnitBusy', () => (node.override = { loadState: 'masked' })],
  ])('refuses where %s', async (_what, reason, prepare) => {
    await prepare();
    const before = node.read();
    const report = await node.rollback();
    expect(report).toMatchObject({ outcome: 'refused', reason, nodeUnchanged: true });
    expect(report.change).toBeUndefined();
    expect(report.advice).toBeTruthy();
    expect(node.read()).toBe(before);
    expect(node.restarts).toBe(1);
  });

  it('reports a kubelet that runs with neither content', async () => {
    node.starts = () => 'exits';
    expect(await node.rollback()).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDown',
      nodeUnchanged: true,
      kubelet: { active: false },
    });
  });

  it('writes nowhere but in the directories that its Job mounts for that', async () => {
    expect(await node.rollback({ writable: ['/etc/default'] })).toMatchObject({
      outcome: 'refused',
      reason: 'DirectoryNotMounted',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(GOOD);
  });

  it('is finished by the next run if killed at any moment, with one restart in total', async () => {
    const taken: FakeNode[] = [];
    node.onCall = () => taken.push(node.copy());
    await node.rollback();
    node.onCall = () => undefined;
    expect(taken.length).toBeGreaterThan(5);
    for (const killed of taken.filter((one) => one.journalIsOpen())) {
      expect(await killed.rollback()).toMatchObject({ outcome: 'rolled-back', kubelet: { active: true } });
      expect(killed.read()).toBe(BAD);
      expect(killed.restarts).toBe(2);
      rmSync(killed.root, { recursive: true });
    }
  });
});
