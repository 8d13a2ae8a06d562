/** A file that is wrong under a kubelet that is right: compared by `inspect`, corrected by `repair` without a restart. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verdictOn } from '../diagnosis/compared-files.ts';
import { BAD, FakeNode, GOOD, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

const RIGHT = 'nameserver 192.0.2.1\n';
const WRONG = 'nameserver 127.0.0.53\n';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** The kubelet was started with the right value, and someone wrote the wrong one since. */
async function pendingInFile(): Promise<void> {
  node.write(KUBESPRAY, GOOD, 0o600);
  await node.startKubelet();
  node.write(KUBESPRAY, BAD, 0o600);
  node.given = RIGHT;
}

describe('an inspection compares the files with what the running kubelet gives to pods', () => {
  it.each<[string, string, string, string]>([
    ['both-right', GOOD, GOOD, RIGHT],
    ['wrong-in-file', GOOD, BAD, RIGHT],
    ['right-in-file', BAD, GOOD, WRONG],
    ['both-wrong', BAD, BAD, WRONG],
  ])('%s', async (verdict, started, now, given) => {
    node.write(KUBESPRAY, started, 0o600);
    await node.startKubelet();
    if (now !== started) node.write(KUBESPRAY, now, 0o600);
    node.given = given;
    const { compared } = await node.inspect({ restart: false });
    expect(compared && verdictOn(compared)).toBe(verdict);
    expect(compared?.changed).toEqual(now === started ? [] : [KUBESPRAY]);
  });

  it('is unclear where the kubelet was started after the pod that looks', async () => {
    await pendingInFile();
    node.givenAtMs = node.nowMs - 60_000;
    const { compared } = await node.inspect({ restart: false });
    expect(compared).toMatchObject({ running: 'unclear', inFile: 'wrong' });
  });

  it('is unclear where the two differ although no file was changed', async () => {
    await node.startKubelet();
    node.given = RIGHT;
    const { compared } = await node.inspect({ restart: false });
    expect(compared && verdictOn(compared)).toBe('unclear');
  });

  it('says of a value that is right in the file, but not yet in effect, that only the restart is missing', async () => {
    await node.startKubelet();
    node.write(KUBESPRAY, GOOD, 0o600);
    const report = await node.inspect();
    expect(report).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
    expect(report.message).toContain(
      `is right in ${KUBESPRAY}:4 (${UPLINK}, class ok), but not yet in effect`,
    );
  });
});

describe('a repair without a restart', () => {
  it('corrects the file alone, and reads it again', async () => {
    await pendingInFile();
    const report = await node.repair({ restart: false });
    expect(report).toMatchObject({
      outcome: 'corrected',
      reason: 'FileCorrected',
      nodeUnchanged: false,
      compared: { running: 'right', inFile: 'right' },
      change: { path: KUBESPRAY, line: 4 },
      kubelet: { pidBefore: 100, pidAfter: 100, restarts: 0, active: true },
    });
    expect(report.watched).toBeUndefined();
    expect(node.read()).toBe(GOOD);
    expect(node.restarts).toBe(0);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('is predicted by the inspection', async () => {
    await pendingInFile();
    const report = await node.inspect({ restart: false });
    expect(report).toMatchObject({
      outcome: 'would-change',
      message: `A repair would change ${KUBESPRAY}:4, without a restart of the kubelet. Nothing was changed.`,
    });
    const { change } = await node.repair({ restart: false });
    expect(report.diff).toContain(`-${change?.before}\n+${change?.after}\n`);
  });

  it.each<[string, string, () => unknown]>([
    ['the running kubelet is wrong as well', 'NotPendingInFile', () => (node.given = WRONG)],
    ['the kubelet was restarted with it', 'NotPendingInFile', async () => node.startKubelet()],
    ['the kubelet was started after the pod of the agent', 'NotPendingInFile', () => (node.givenAtMs = 1)],
    ['the file is right already', 'AlreadyRight', () => node.write(KUBESPRAY, GOOD, 0o600)],
    ['the target is missing', 'TargetMissing', () => rmSync(join(node.root, UPLINK))],
    [
      'systemd has not read its files again',
      'PendingChanges',
      () => (node.override = { needDaemonReload: true }),
    ],
    ['the unit is being restarted', 'UnitBusy', () => (node.override = { jobPending: true })],
    ['the file cannot be parsed', 'ConfigNotParseable', () => node.write(KUBESPRAY, `${BAD}"\n`, 0o600)],
  ])('writes nothing where %s', async (_what, reason, prepare) => {
    await pendingInFile();
    await prepare();
    const before = node.read();
    const report = await node.repair({ restart: false });
    expect(report).toMatchObject({ reason, nodeUnchanged: true });
    expect(node.read()).toBe(before);
    expect(node.restarts).toBe(0);
  });

  it('is reported again, as it is now, by an agent that is started a second time', async () => {
    await pendingInFile();
    await node.repair({ restart: false });
    expect(await node.repair({ restart: false })).toMatchObject({
      outcome: 'corrected',
      reason: 'EndedEarlier',
      compared: { running: 'right', inFile: 'right' },
    });
    expect(node.restarts).toBe(0);
  });

  it('is made again where the same bytes are written back later, under the same kubelet', async () => {
    await pendingInFile();
    await node.repair({ restart: false });
    node.write(KUBESPRAY, BAD, 0o600);
    const again = await node.repair({ restart: false, remediation: 'node-1-again', nonce: 'again' });
    expect(again).toMatchObject({ outcome: 'corrected', reason: 'FileCorrected' });
    expect(node.read()).toBe(GOOD);
    expect(node.restarts).toBe(0);
  });

  it('reports a file that something wrote back at once', async () => {
    await pendingInFile();
    node.onLog = (message) => {
      if (message === 'written') node.write(KUBESPRAY, `${BAD}# again\n`, 0o600);
    };
    const report = await node.repair({ restart: false });
    expect(report).toMatchObject({ outcome: 'failed', reason: 'ForeignEdit' });
    expect(node.restarts).toBe(0);
  });

  it('leaves a kubelet that may be repaired as any other once it was restarted with the wrong value', async () => {
    await pendingInFile();
    await node.startKubelet();
    node.given = WRONG;
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
    expect(node.restarts).toBe(1);
  });
});

describe('a run that is killed', () => {
  it('at any point leaves the old file or the new one, and the next run ends with the new one and no restart', async () => {
    await pendingInFile();
    const copies: FakeNode[] = [];
    node.onLog = () => void copies.push(node.copy());
    await node.repair({ restart: false });
    expect(copies.length).toBeGreaterThan(1);
    for (const copy of copies) {
      expect([BAD, GOOD]).toContain(copy.read());
      copy.given = RIGHT;
      expect(await copy.repair({ restart: false })).toMatchObject({ outcome: 'corrected' });
      expect(copy.read()).toBe(GOOD);
      expect(copy.restarts).toBe(0);
      expect(copy.journalIsOpen()).toBe(false);
      rmSync(copy.root, { recursive: true });
    }
  });
});

describe('a rollback of it', () => {
  it('restores the old bytes without a restart', async () => {
    await pendingInFile();
    await node.repair({ restart: false });
    expect(await node.rollback()).toMatchObject({
      outcome: 'rolled-back',
      reason: 'RolledBack',
      nodeUnchanged: false,
      kubelet: { restarts: 0, active: true },
    });
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(0);
    expect(readdirSync(join(node.root, 'etc/kubernetes')).toSorted()).toEqual([
      'kubelet-config.yaml',
      'kubelet.env',
    ]);
  });

  it('refuses where the file was changed since', async () => {
    await pendingInFile();
    await node.repair({ restart: false });
    node.write(KUBESPRAY, `${GOOD}# mine\n`, 0o600);
    expect(await node.rollback()).toMatchObject({ outcome: 'refused', reason: 'ChangedSince' });
  });
});
