import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, GOOD, KUBESPRAY } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(async () => {
  node = new FakeNode();
  await node.repair();
});
afterEach(() => rmSync(node.root, { recursive: true }));

describe('a rollback', () => {
  it('restores the old bytes, restarts the kubelet once, and reports it', async () => {
    const report = await node.rollback();
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      reason: 'RolledBack',
      nodeUnchanged: false,
      change: { path: KUBESPRAY },
      kubelet: { pidBefore: 101, pidAfter: 102, restarts: 1, active: true },
    });
    expect(report.message).toContain('A rollback was requested.');
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(2);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('happens once: the second time there is nothing to roll back', async () => {
    await node.rollback();
    expect(await node.rollback()).toMatchObject({ outcome: 'refused', reason: 'NothingToRollBack' });
    expect(node.restarts).toBe(2);
  });

  it('does not prevent a later repair', async () => {
    await node.rollback();
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'repaired',
    });
    expect(await node.rollback({ remediation: 'other' })).toMatchObject({ outcome: 'rolled-back' });
    expect(node.read()).toBe(BAD);
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
    ['systemd has a job queued', 'UnitBusy', () => (node.override = { jobPending: true })],
    ['the unit is masked', 'UnitBusy', () => (node.override = { loadState: 'masked' })],
    [
      'a repair is unfinished',
      'UnfinishedRun',
      async () => {
        const own = JSON.parse(node.read('/var/lib/dnshealth/node-1-abc/journal.json')) as object;
        node.write(
          '/var/lib/dnshealth/journal.json',
          JSON.stringify({ ...own, remediation: 'other', outcome: undefined }),
        );
      },
    ],
  ])('refuses where %s', async (_what, reason, prepare) => {
    await prepare();
    const before = node.read();
    const report = await node.rollback();
    expect(report).toMatchObject({ outcome: 'refused', reason, nodeUnchanged: true });
    expect(report.advice).toBeTruthy();
    expect(node.read()).toBe(before);
    expect(node.restarts).toBe(1);
  });

  it('reports a kubelet that does not run with the old bytes either', async () => {
    node.starts = (text) => (text === BAD ? 'exits' : 'runs');
    expect(await node.rollback()).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDown',
      nodeUnchanged: false,
      kubelet: { active: false },
    });
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
