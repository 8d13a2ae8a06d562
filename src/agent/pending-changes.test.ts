/** What a restart would apply besides the repair: a repair and a rollback are refused, and the kubelet is left alone. */
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPending } from './decide/pending.ts';
import { HostTree } from './files/host-tree.ts';
import { BAD, FakeNode, KUBESPRAY } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

const DROP_IN = 'kubelet.service.d/10-kubeadm.conf';
const PROGRAM = '/usr/local/bin/kubelet';
const at = (path: string): string => join(node.root, path);

describe('after the start of the kubelet', () => {
  const inUnit = (directory: string) => `${directory}/systemd/system/${DROP_IN}`;
  it.each<[string, () => void, () => void, string]>([
    [
      'its program was replaced',
      () => undefined,
      () => {
        node.write(`${PROGRAM}.new`, 'the next one', 0o755);
        renameSync(at(`${PROGRAM}.new`), at(PROGRAM));
      },
      PROGRAM,
    ],
    ['its program was removed', () => undefined, () => unlinkSync(at(PROGRAM)), PROGRAM],
    [
      'the link to its program was moved to another version',
      () => {
        node.write('/opt/v1/kubelet', '1');
        node.write('/opt/v2/kubelet', '2');
        unlinkSync(at(PROGRAM));
        symlinkSync('/opt/v1/kubelet', at(PROGRAM));
      },
      () => {
        unlinkSync(at(PROGRAM));
        symlinkSync('/opt/v2/kubelet', at(PROGRAM));
      },
      PROGRAM,
    ],
    ...['/etc', '/usr/lib', '/lib', '/run', '/usr/local/lib'].map(
      (directory): [string, () => void, () => void, string] => [
        `a drop-in in ${directory} was written, and systemd has read it`,
        () => {
          node.write(inUnit(directory), '[Service]\n');
          node.override = { dropInPaths: [inUnit(directory)] };
        },
        () => node.write(inUnit(directory), '[Service]\nRestart=no\n'),
        inUnit(directory),
      ],
    ),
    ...['/etc', '/usr/lib', '/run'].map((directory): [string, () => void, () => void, string] => [
      `a drop-in in ${directory} was removed`,
      () => node.write(inUnit(directory), '[Service]\n'),
      () => unlinkSync(at(inUnit(directory))),
      `${directory}/systemd/system/kubelet.service.d`,
    ]),
    [
      'the unit of a package was written',
      () => {
        node.write('/usr/lib/systemd/system/kubelet.service', '[Service]\n');
        node.override = { fragmentPath: '/usr/lib/systemd/system/kubelet.service' };
      },
      () => node.write('/usr/lib/systemd/system/kubelet.service', '[Service]\nRestart=no\n'),
      '/usr/lib/systemd/system/kubelet.service',
    ],
    [
      'an environment file was written',
      () => undefined,
      () => node.write('/etc/kubernetes/kubelet.env', `KUBELET_ARGS="--v=3 --config=${KUBESPRAY}"\n`),
      '/etc/kubernetes/kubelet.env',
    ],
    [
      'a drop-in of its configuration was added',
      () => {
        mkdirSync(at('/etc/kubernetes/conf.d'));
        node.argv.push('--config-dir=/etc/kubernetes/conf.d');
      },
      () => node.write('/etc/kubernetes/conf.d/10.conf', BAD.replace(/^resolvConf.*\n/m, '')),
      '/etc/kubernetes/conf.d',
    ],
  ])('%s: nothing is changed', async (_what, before, after, named) => {
    before();
    await node.startKubelet();
    after();
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason: 'PendingChanges', nodeUnchanged: true });
    expect(report.message).toContain(named);
    expect(node.restarts).toBe(0);
    expect(node.read()).toBe(BAD);
  });

  it('a repair cannot be rolled back either while another program waits for the restart', async () => {
    await node.repair();
    await sleep(10);
    node.write(PROGRAM, 'the next one', 0o755);
    const report = await node.rollback();
    expect(report).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
    expect(report.advice).toContain('package upgrade');
    expect(node.restarts).toBe(1);
  });

  it('a program that waits for its restart is named with the way to finish the upgrade', async () => {
    await node.startKubelet();
    node.write(PROGRAM, 'the next one', 0o755);
    expect((await node.repair()).advice).toMatch(/Finish the upgrade .* systemctl restart kubelet/);
  });
});

describe('a program or a unit that the agent cannot see', () => {
  it.each<[string, string, () => void]>([
    ['/srv/kubelet', '/srv/kubelet', () => (node.argv = ['/srv/kubelet', '$KUBELET_ARGS'])],
    ['a program without a path', 'kubelet', () => (node.argv = ['kubelet', '$KUBELET_ARGS'])],
    [
      'a link that leads out of sight',
      PROGRAM,
      () => {
        unlinkSync(at(PROGRAM));
        symlinkSync('/srv/kubelet', at(PROGRAM));
      },
    ],
    [
      'a unit in /srv',
      '/srv/kubelet.service',
      () => (node.override = { fragmentPath: '/srv/kubelet.service' }),
    ],
  ])('is a reason of its own: %s', async (_what, named, prepare) => {
    prepare();
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason: 'InputNotVisible' });
    expect(report.message).toContain(named);
    expect(node.restarts).toBe(0);
  });

  it('is none where /bin is the directory that every host links to', async () => {
    node.argv = ['/bin/kubelet', '$KUBELET_ARGS'];
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
  });
});

describe('a clock that was set after the start of the kubelet', () => {
  const MINUTE = 60_000;
  const path = KUBESPRAY;
  /** The configuration was changed at 0; the kubelet started `started` minutes later by the clock of then. */
  async function pending(started: number, step: number, ranFor: number) {
    const unit = await node.describe();
    const changedAtMs = new HostTree(node.root).stat(path)?.ctimeMs ?? 0;
    const startedAtMs = changedAtMs + started * MINUTE;
    const steadyStartMs = startedAtMs + step * MINUTE;
    return findPending(
      { ...unit, startedAtMs, steadyStartMs },
      { inputs: [path], program: PROGRAM },
      new HostTree(node.root),
      steadyStartMs + ranFor * MINUTE,
    );
  }

  it.each<[string, number, number, number, boolean]>([
    ['not at all, and the file is older', 5, 0, 10, false],
    ['not at all, and the file is newer', -5, 0, 10, true],
    ['forward by hours, and the file is from before the boot', -180, 240, 10, false],
    ['forward by hours, and the file was changed before the step', -5, 240, 10, true],
    ['forward by hours, and the file was changed after the step', -245, 240, 10, true],
    ['forward by minutes, less than the kubelet has been running', -5, 3, 10, true],
    [
      'forward, but the kubelet has been running for so long that it may have been set twice',
      -180,
      240,
      90,
      true,
    ],
    ['back, and the file was changed after that', 30, -60, 60, true],
    ['back, and the file is older by either clock', 90, -60, 60, false],
  ])('%s', async (_what, started, step, ranFor, isPending) => {
    const found = await pending(started, step, ranFor);
    expect(found.settings).toEqual(isPending ? [path] : []);
  });

  it('is named in the advice where it cannot be told apart', async () => {
    const startedAtMs = (await node.startKubelet()) - 240 * MINUTE;
    node.override = { startedAtMs, steadyStartMs: startedAtMs + 120 * MINUTE };
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
    expect(report.advice).toMatch(/clock of the node was set forward by 7200 s/);
  });
});
