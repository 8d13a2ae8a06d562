/** What a look at the node ends with, for each pair of present file and target, and which guard comes first. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvConfClass } from '../api/agent-protocol.ts';
import { BAD, FakeNode, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** The file in which the kubelet's /etc/resolv.conf ends. */
const STUB = '/run/systemd/resolve/stub-resolv.conf';
const CONTENT: Readonly<Record<Exclude<ResolvConfClass, 'missing'>, string>> = {
  ok: 'nameserver 192.0.2.9\n',
  risky: 'nameserver 169.254.25.10\nnameserver 192.0.2.9\n',
  'mixed-loopback': 'nameserver 127.0.0.1\nnameserver 192.0.2.9\n',
  stub: 'nameserver 127.0.0.53\n',
  loopback: 'nameserver 127.0.0.1\n',
  'self-only': 'nameserver 10.233.0.3\n',
  empty: '# No DNS servers known.\n',
  invalid: 'nameserver\n',
};
const put = (path: string, cls: ResolvConfClass): void => {
  rmSync(join(node.root, path), { force: true });
  if (cls !== 'missing') node.write(path, CONTENT[cls]);
};

const CLASSES = [...(Object.keys(CONTENT) as (keyof typeof CONTENT)[]), 'missing'] as const;
const BAD_TARGETS = {
  'mixed-loopback': 'TargetLoops',
  stub: 'TargetLoops',
  loopback: 'TargetLoops',
  'self-only': 'TargetSelfOnly',
  empty: 'TargetEmpty',
  invalid: 'TargetInvalid',
  missing: 'TargetMissing',
} as const;

/** The kubelet's file is good enough: only the pod is stale. Otherwise a usable target is a repair, and no other is. */
function expected(current: ResolvConfClass, target: ResolvConfClass, acceptRisky: boolean): string {
  if (current === 'ok') return 'CurrentIsUsable';
  if (current === 'risky' && acceptRisky && target !== 'ok') return 'CurrentIsUsable';
  if (target === 'ok') return 'WouldChange';
  if (target === 'risky') return acceptRisky ? 'WouldChange' : 'TargetRisky';
  return BAD_TARGETS[target];
}

describe.each([false, true])('with acceptRisky: %s', (acceptRisky) => {
  const pairs = CLASSES.flatMap((current) =>
    CLASSES.map((target) => [current, target, expected(current, target, acceptRisky)] as const),
  );
  it.each(pairs)(
    'a present file that is %s and a target that is %s end as %s',
    async (current, target, reason) => {
      put(STUB, current);
      put(UPLINK, target);
      expect(await node.inspect({ acceptRisky, known: { clusterDNS: ['10.233.0.3'] } })).toMatchObject({
        reason,
      });
    },
  );
});

describe('the first guard that helps', () => {
  const masked = () => (node.override = { loadState: 'masked', execStart: [], activeState: 'inactive' });
  const notFound = () =>
    (node.override = { loadState: 'not-found', execStart: [], activeState: 'inactive', mainPid: 0 });
  const usable = () => put(STUB, 'ok');
  const noTarget = () => put(UPLINK, 'missing');
  const k3s = () => node.write('/etc/rancher/k3s/config.yaml', '');
  const wrapper = () => (node.argv = ['/usr/local/bin/start.sh']);
  const emptyValue = () => node.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', ''));
  const outside = () => node.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', '/srv/resolv.conf'));
  const right = () => node.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', UPLINK));
  const newSettings = async () => {
    await node.startKubelet();
    node.write(KUBESPRAY, node.read(KUBESPRAY).replace('50', '51'));
  };
  const newProgram = async () => {
    await node.startKubelet();
    node.write('/usr/local/bin/kubelet', 'the next one', 0o755);
  };
  const unseenProgram = () => (node.argv = ['/srv/kubelet', `--config=${KUBESPRAY}`]);
  const reload = () => (node.override = { needDaemonReload: true });

  it.each<[string, readonly (() => unknown)[], string]>([
    ['a masked unit without a command line', [masked], 'UnitMasked'],
    ['a unit that does not exist', [notFound], 'UnitNotRunning'],
    ['a node of K3s, whose kubelet has no unit', [notFound, k3s], 'ManagedPlatform'],
    ['a node of K3s with a masked unit', [masked, k3s], 'ManagedPlatform'],
    ['a wrapper on a node of K3s', [wrapper, k3s], 'ManagedPlatform'],
    ['a wrapper in a masked unit', [masked, wrapper], 'UnitMasked'],
    ['a wrapper', [wrapper], 'UnknownLayout'],
    ['a usable file and no target', [usable, noTarget], 'CurrentIsUsable'],
    ['a usable file and a unit that needs a reload', [usable, reload], 'CurrentIsUsable'],
    ['a usable file and a program that was replaced', [usable, newProgram], 'CurrentIsUsable'],
    ['a usable file and a program that cannot be seen', [usable, unseenProgram], 'CurrentIsUsable'],
    ['a usable file and settings that the kubelet has not read', [usable, newSettings], 'PendingChanges'],
    ['the right value and a program that was replaced', [right, newProgram], 'AlreadyRight'],
    ['the right value and settings that the kubelet has not read', [right, newSettings], 'PendingChanges'],
    ['an empty value and no target', [emptyValue, noTarget], 'EmptyValueNotAllowed'],
    ['a value out of sight and no target', [outside, noTarget], 'CurrentUnreadable'],
    ['no target and a program that was replaced', [noTarget, newProgram], 'TargetMissing'],
    ['a program that was replaced', [newProgram], 'PendingChanges'],
    ['a program that cannot be seen', [unseenProgram], 'InputNotVisible'],
    ['a unit that needs a reload', [reload], 'PendingChanges'],
  ])('is that of %s', async (_what, prepare, reason) => {
    for (const step of prepare) await step();
    const report = await node.inspect();
    expect(report.reason).toBe(reason);
    expect(report.advice ?? 'No advice is needed.').toMatch(/^[A-Z].*\.$/);
  });

  it('says in a dry run that the pod is older than the right file', async () => {
    usable();
    expect((await node.inspect()).advice).toContain('A DNS pod that was created before that');
  });
});
