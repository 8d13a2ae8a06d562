/** kubespray's default: /etc/kubernetes belongs to the user kube, the kubelet's configuration in it to root. */
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
const standing = () => ({ root: node.root, startedAtMs });

describe.skipIf(UID !== 0)('repair in a directory of somebody else', () => {
  it('without any capability changes the one value in place, restarts once, and leaves owner and mode', async () => {
    const before = inode();
    const report = await runFakeAgent(standing());
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

  it('without any capability brings the old bytes back where the new kubelet exits', async () => {
    expect(await runFakeAgent({ ...standing(), newExits: true })).toMatchObject({
      outcome: 'rolled-back',
      nodeUnchanged: true,
      kubelet: { restarts: 2 },
    });
    expect(node.read()).toBe(BAD);
  });

  it('killed anywhere between the first and the last byte of the write, is as if it had not begun: the next run repairs with one restart', async () => {
    for (const after of points(WRITTEN - 1)) {
      expect(await runFakeAgent({ ...standing(), after, fault: 'SIGKILL' })).toBeUndefined();
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
  }, 60_000);

  it('killed anywhere in the undoing, ends rolled back in the next run', async () => {
    for (const after of points(WRITTEN + BAD.length - GOOD.length - 1).map((at) => at + WRITTEN)) {
      expect(await runFakeAgent({ ...standing(), after, fault: 'SIGKILL', newExits: true })).toBeUndefined();
      expect(await node.repair()).toMatchObject({
        outcome: 'rolled-back',
        nodeUnchanged: true,
        kubelet: { restarts: 2, active: true },
      });
      expect(node.read()).toBe(BAD);
      rmSync(node.root, { recursive: true });
      await newNode();
    }
  }, 60_000);

  it('takes back at once what a full disk has cut off', async () => {
    expect(await runFakeAgent({ ...standing(), after: 9, fault: 'ENOSPC' })).toMatchObject({
      outcome: 'refused',
      reason: 'NoSpace',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('touches nothing that somebody else has written into the torn file', async () => {
    await runFakeAgent({ ...standing(), after: 9, fault: 'SIGKILL' });
    const edited = `${node.read()}# mine\n`;
    node.write(KUBESPRAY, edited);
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'ForeignEdit',
      nodeUnchanged: false,
    });
    expect(node.read()).toBe(edited);
  });

  it('does not answer for a kubelet that was started on the torn file', async () => {
    await runFakeAgent({ ...standing(), after: 9, fault: 'SIGKILL' });
    // Restarted meanwhile by somebody: what this one has read is the torn file.
    node.boot();
    await setTimeout(30);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
    expect(node.read()).toBe(BAD);
  });

  it.each<[string, (at: (path: string) => string) => void]>([
    ['its group may write there', (at) => chmodSync(at('etc/kubernetes'), 0o775)],
    ['the parent is not root’s either', (at) => chownSync(at('etc'), KUBE, -1)],
    ['the file is not root’s either', (at) => chownSync(at(KUBESPRAY), KUBE, -1)],
    [
      'the file is a link',
      (at) => {
        renameSync(at(KUBESPRAY), at('etc/kubernetes/real.yaml'));
        symlinkSync('real.yaml', at(KUBESPRAY));
      },
    ],
    ['the state directory is not root’s', (at) => chownSync(at('var/lib/dnshealth'), KUBE, -1)],
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
