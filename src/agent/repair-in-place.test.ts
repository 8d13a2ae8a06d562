/** kubespray's default: /etc/kubernetes is owned by the user kube, the kubelet's configuration in it by root. */
import { chmodSync, chownSync, lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstDifference } from './files/torn.ts';
import { runFakeAgent } from './testing/fake-agent.ts';
import { BAD, FakeNode, GOOD, KUBESPRAY, UID } from './testing/fake-node.ts';

const KUBE = 997;
/** From the first byte that differs to the end. */
const WRITTEN = GOOD.length - firstDifference(Buffer.from(BAD), Buffer.from(GOOD));
const points = (until: number): readonly number[] =>
  Array.from({ length: 7 }, (_, i) => Math.floor((i * until) / 6));

let node: FakeNode;
let startedAtMs: number;
async function newNode(): Promise<void> {
  node = new FakeNode();
  node.giveConfigTo(KUBE);
  startedAtMs = await node.startKubelet();
}
beforeEach(newNode);
afterEach(() => rmSync(node.root, { recursive: true }));

const inode = () => lstatSync(join(node.root, KUBESPRAY)).ino;
const existing = () => ({ root: node.root, startedAtMs });

describe.skipIf(UID !== 0)('a repair in a directory that is not owned by root', () => {
  it('changes the one value in place without any capability, restarts once, and keeps owner and mode', async () => {
    const before = inode();
    const report = await runFakeAgent(existing());
    expect(report).toMatchObject({
      outcome: 'repaired',
      nodeUnchanged: false,
      change: { before: 'resolvConf: "/etc/resolv.conf"' },
      kubelet: { restarts: 1, active: true },
    });
    expect(report?.message).toContain('changed in place');
    expect(node.read()).toBe(GOOD);
    expect(node.read(report?.change?.backup)).toBe(BAD);
    expect(inode()).toBe(before);
    expect(lstatSync(join(node.root, KUBESPRAY))).toMatchObject({ uid: 0, mode: 0o100600 });
    expect(lstatSync(join(node.root, 'etc/kubernetes'))).toMatchObject({ uid: KUBE });
    expect(node.journalIsOpen()).toBe(false);
  });

  it('restores the old bytes without any capability if the new kubelet exits', async () => {
    expect(await runFakeAgent({ ...existing(), newExits: true })).toMatchObject({
      outcome: 'rolled-back',
      nodeUnchanged: true,
      kubelet: { restarts: 2 },
    });
    expect(node.read()).toBe(BAD);
  });

  it('leaves nothing behind if killed between the first and the last byte: the next run repairs with one restart', async () => {
    for (const after of points(WRITTEN - 1)) {
      expect(await runFakeAgent({ ...existing(), after, fault: 'SIGKILL' })).toBeUndefined();
      expect(node.read()).not.toBe(GOOD);
      expect(node.journalIsOpen()).toBe(true);
      expect(await node.repair({ nonce: `uid-${after}`, remediation: `run-${after}` })).toMatchObject({
        outcome: 'repaired',
        kubelet: { restarts: 1, active: true },
      });
      expect(node.restarts).toBe(1);
      expect(node.read()).toBe(GOOD);
      rmSync(node.root, { recursive: true });
      await newNode();
    }
  });

  it('ends rolled back in the next run if killed anywhere in the undo', async () => {
    for (const after of points(WRITTEN + BAD.length - GOOD.length - 1).map((at) => at + WRITTEN)) {
      expect(await runFakeAgent({ ...existing(), after, fault: 'SIGKILL', newExits: true })).toBeUndefined();
      expect(await node.repair()).toMatchObject({
        outcome: 'rolled-back',
        nodeUnchanged: true,
        kubelet: { restarts: 2, active: true },
      });
      expect(node.read()).toBe(BAD);
      rmSync(node.root, { recursive: true });
      await newNode();
    }
  });

  it('restores the file at once if a full disk cuts off the write', async () => {
    expect(await runFakeAgent({ ...existing(), after: 9, fault: 'ENOSPC' })).toMatchObject({
      outcome: 'refused',
      reason: 'NoSpace',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('does not touch a torn file that someone else has written to', async () => {
    await runFakeAgent({ ...existing(), after: 9, fault: 'SIGKILL' });
    const edited = `${node.read()}# mine\n`;
    node.write(KUBESPRAY, edited);
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'ForeignEdit',
      nodeUnchanged: false,
    });
    expect(node.read()).toBe(edited);
  });

  it('refuses if a kubelet was started with the torn file', async () => {
    await runFakeAgent({ ...existing(), after: 9, fault: 'SIGKILL' });
    // Restarted by someone else in the meantime: this kubelet has read the torn file.
    node.boot();
    await setTimeout(30);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
    expect(node.read()).toBe(BAD);
  });

  it.each<[string, (at: (path: string) => string) => void]>([
    ['the directory is writable by its group', (at) => chmodSync(at('etc/kubernetes'), 0o775)],
    ['the parent is not owned by root either', (at) => chownSync(at('etc'), KUBE, -1)],
    ['the file is not owned by root either', (at) => chownSync(at(KUBESPRAY), KUBE, -1)],
    [
      'the file is a symbolic link',
      (at) => {
        renameSync(at(KUBESPRAY), at('etc/kubernetes/real.yaml'));
        symlinkSync('real.yaml', at(KUBESPRAY));
      },
    ],
    ['the state directory is not owned by root', (at) => chownSync(at('var/lib/dnshealth'), KUBE, -1)],
  ])('refuses where %s', async (_what, prepare) => {
    prepare((path) => join(node.root, path));
    await node.startKubelet();
    expect(await node.repair()).toMatchObject({
      outcome: 'refused',
      reason: 'UnsafePath',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
  });
});
