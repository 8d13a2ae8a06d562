/** Every reason for which a repair changes nothing. */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from './change/lock.ts';
import { SafeDirectory } from './files/safe-directory.ts';
import { BAD, FakeNode, KUBESPRAY, UID, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

type Case = readonly [what: string, reason: string, prepare: (node: FakeNode) => unknown];

function isRefusedWhere(cases: readonly Case[]): void {
  it.each(cases)('where %s', async (_what, reason, prepare) => {
    prepare(node);
    const before = node.read();
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason, nodeUnchanged: true });
    expect(report.advice).toMatch(/\w+/);
    expect(report.message).toMatch(/^[A-Z].*\.$/);
    expect(node.read()).toBe(before);
    expect(node.restarts).toBe(0);
    expect(readdirSync(join(node.root, 'var/lib/dnshealth'))).toEqual([]);
  });
}

describe('a repair is refused because of its target', () => {
  isRefusedWhere([
    ['it is missing', 'TargetMissing', (n) => unlinkSync(join(n.root, UPLINK))],
    ['it is a stub', 'TargetLoops', (n) => n.write(UPLINK, 'nameserver 127.0.0.53\n')],
    ['it lists no server', 'TargetEmpty', (n) => n.write(UPLINK, '# No DNS servers known.\n')],
    ['it has a nameserver line without an address', 'TargetInvalid', (n) => n.write(UPLINK, 'nameserver\n')],
    ['it lists only cluster DNS', 'TargetSelfOnly', (n) => n.write(UPLINK, 'nameserver 10.233.0.3\n')],
    [
      'it lists node-local DNS as well',
      'TargetRisky',
      (n) => n.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n'),
    ],
    [
      'none of its servers answers',
      'TargetSilent',
      (n) => (n.ask = async () => ({ result: 'timeout', ms: 3000 })),
    ],
    [
      'its servers refuse the pod network',
      'TargetSilent',
      (n) => (n.ask = async () => ({ result: 'REFUSED', ms: 1 })),
    ],
  ]);

  it('where only a cluster-internal server in it answers', async () => {
    node.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n');
    node.ask = async (server) => ({ result: server === '169.254.25.10' ? 'NOERROR' : 'timeout', ms: 1 });
    const report = await node.repair({ acceptRisky: true });
    expect(report).toMatchObject({ outcome: 'refused', reason: 'TargetSilent', nodeUnchanged: true });
    expect(report.message).toContain('192.0.2.1: timeout');
  });
});

describe('a repair is refused because of the current value', () => {
  isRefusedWhere([
    [
      'its file is usable',
      'CurrentIsUsable',
      (n) => n.write('/run/systemd/resolve/stub-resolv.conf', 'nameserver 192.0.2.9\n'),
    ],
    [
      'its file is outside what the agent can see',
      'CurrentUnreadable',
      (n) => n.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', '/srv/resolv.conf')),
    ],
    ['it is empty', 'EmptyValueNotAllowed', (n) => n.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', ''))],
  ]);
});

describe('a repair is refused because of the place of the value', () => {
  isRefusedWhere([
    [
      'a flag in an unknown environment file wins',
      'FlagOverrides',
      (n) => {
        n.write('/etc/kubernetes/extra.env', 'EXTRA=--resolv-conf=/etc/resolv.conf\n');
        n.environmentFiles.push('/etc/kubernetes/extra.env');
        n.argv.push('$EXTRA');
      },
    ],
    ['a flag in the unit wins', 'FlagOverrides', (n) => n.argv.push('--resolv-conf=/etc/resolv.conf')],
    [
      'a drop-in in an unknown directory wins',
      'UnknownLayout',
      (n) => {
        n.write('/etc/kubelet.conf.d/10-x.conf', BAD);
        n.argv.push('--config-dir=/etc/kubelet.conf.d');
      },
    ],
    [
      'the drop-in directory cannot be seen',
      'UnsafePath',
      (n) => n.argv.push('--config-dir=/opt/kubelet.conf.d'),
    ],
    [
      'a drop-in has a name that is not UTF-8',
      'UnsafePath',
      (n) => {
        n.write('/etc/kubernetes/conf.d/10-x.conf', BAD);
        const name = Buffer.from([0xff, ...Buffer.from('.conf')]);
        writeFileSync(Buffer.concat([Buffer.from(join(n.root, 'etc/kubernetes/conf.d/')), name]), BAD);
        n.argv.push('--config-dir=/etc/kubernetes/conf.d');
      },
    ],
    [
      'a drop-in spells the key in another case, which a kubelet accepts there',
      'DuplicateKey',
      (n) => {
        n.write('/etc/kubernetes/conf.d/10-x.conf', BAD.replace('resolvConf', 'resolvconf'));
        n.argv.push('--config-dir=/etc/kubernetes/conf.d');
      },
    ],
    [
      'the key occurs twice',
      'DuplicateKey',
      (n) => n.write(KUBESPRAY, `${BAD}resolvConf: /etc/resolv.conf\n`),
    ],
    ['the configuration is not valid YAML', 'ConfigNotParseable', (n) => n.write(KUBESPRAY, `${BAD}"\n`)],
    [
      'the configuration is not UTF-8',
      'ConfigNotParseable',
      (n) => writeFileSync(join(n.root, KUBESPRAY), Buffer.from([0xff, 0xfe])),
    ],
    ['a shell starts the kubelet', 'UnknownLayout', (n) => (n.argv = ['/bin/sh', '-c', 'exec kubelet'])],
    ['there is no --config', 'UnknownLayout', (n) => (n.argv = ['/usr/bin/kubelet'])],
    [
      'the configuration is outside what the agent can see',
      'UnsafePath',
      (n) => (n.argv = ['/usr/bin/kubelet', '--config=/srv/kubelet.yaml']),
    ],
    [
      'the configuration is in an unknown directory below /etc',
      'UnknownLayout',
      (n) => {
        n.write('/etc/x/kubelet.yaml', BAD);
        n.argv = ['/usr/bin/kubelet', '--config=/etc/x/kubelet.yaml'];
      },
    ],
  ]);
});

describe('a repair is refused because of a change that the kubelet has not read', () => {
  isRefusedWhere([
    [
      'the configuration is newer than the kubelet',
      'PendingChanges',
      (n) => (n.override = { startedAtMs: Date.now() - 60_000 }),
    ],
    ['systemd needs a daemon-reload', 'PendingChanges', (n) => (n.override = { needDaemonReload: true })],
  ]);

  it('where the file is newer by ctime, although cp -p has kept an old mtime', async () => {
    node.override = { startedAtMs: Date.now() - 1000 };
    utimesSync(join(node.root, KUBESPRAY), 0, 0);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
  });
});

describe('a repair is refused because of kubelet.service', () => {
  isRefusedWhere([
    ['it is down', 'UnitNotRunning', (n) => (n.override = { activeState: 'failed', mainPid: 0 })],
    ['it is being restarted', 'UnitBusy', (n) => (n.override = { jobPending: true })],
    [
      'it is in a restart loop',
      'RestartLoop',
      (n) =>
        (n.override = { activeState: 'activating', subState: 'auto-restart', mainPid: 0, autoRestarts: 7 }),
    ],
    ['it is masked', 'UnitMasked', (n) => (n.override = { loadState: 'masked' })],
  ]);

  it('where systemd has just restarted it and it exits again', async () => {
    const startedAtMs = await node.startKubelet();
    node.override = { startedAtMs, autoRestarts: 2 };
    node.onCall = () => node.boot();
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'RestartLoop' });
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(0);
  });
});

describe('a repair is refused because of a managed platform', () => {
  isRefusedWhere([
    [
      'the node is of AKS',
      'ManagedPlatform',
      (n) => n.write('/etc/default/kubelet', 'KUBELET_NODE_LABELS=kubernetes.azure.com/mode=user\n'),
    ],
    ['the node is of EKS', 'ManagedPlatform', (n) => n.write('/etc/eks/bootstrap.sh', '')],
    ['the node is of RKE2', 'ManagedPlatform', (n) => n.write('/etc/rancher/rke2/config.yaml', '')],
    ['the node is of OpenShift', 'ManagedPlatform', (n) => n.write('/etc/machine-config-daemon/x', '')],
    ['the node is of Bottlerocket', 'ManagedPlatform', (n) => n.write('/etc/bottlerocket-release', '')],
    [
      'the node is of GKE',
      'ManagedPlatform',
      (n) => (n.argv = ['/home/kubernetes/bin/kubelet', `--config=${KUBESPRAY}`]),
    ],
  ]);
});

describe('a repair is refused because of an owner, a mode or a link', () => {
  isRefusedWhere([
    [
      'the configuration is a symbolic link',
      'UnsafePath',
      (n) => {
        renameSync(join(n.root, KUBESPRAY), join(n.root, 'etc/kubernetes/real.yaml'));
        symlinkSync('real.yaml', join(n.root, KUBESPRAY));
      },
    ],
    [
      'the configuration has two hard links',
      'UnsafePath',
      (n) => linkSync(join(n.root, KUBESPRAY), join(n.root, 'etc/kubernetes/other')),
    ],
    [
      'the directory is writable by others',
      'UnsafePath',
      (n) => chmodSync(join(n.root, 'etc/kubernetes'), 0o777),
    ],
    [
      'the directory is a symbolic link',
      'UnsafePath',
      (n) => {
        renameSync(join(n.root, 'etc/kubernetes'), join(n.root, 'etc/k'));
        symlinkSync('k', join(n.root, 'etc/kubernetes'));
      },
    ],
    ['the configuration is huge', 'UnsafePath', (n) => n.write(KUBESPRAY, BAD + '#'.repeat(2 << 20))],
  ]);
});

describe('a repair is refused where something else has the place of a file of the agent', () => {
  it.each<[string, (n: FakeNode) => unknown]>([
    ['the lock', (n) => mkdirSync(join(n.root, 'var/lib/dnshealth/lock.sock/x'), { recursive: true })],
    [
      'the temporary file',
      (n) =>
        mkdirSync(join(n.root, 'etc/kubernetes/.kubelet-config.yaml.dnshealth-tmp/x'), { recursive: true }),
    ],
    ['the directory of the incident', (n) => n.write('/var/lib/dnshealth/node-1-abc', '')],
    [
      'its state directory',
      (n) => {
        rmSync(join(n.root, 'var/lib/dnshealth'), { recursive: true });
        n.write('/var/lib/dnshealth', '');
      },
    ],
  ])('%s', async (_what, prepare) => {
    prepare(node);
    expect(await node.repair()).toMatchObject({
      outcome: 'refused',
      reason: 'UnsafePath',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(0);
  });
});

describe('a remediation name that is a path', () => {
  it('fails the repair before anything is written', async () => {
    expect(await node.repair({ remediation: '../../etc' })).toMatchObject({
      outcome: 'failed',
      nodeUnchanged: true,
    });
  });
});

describe('a second agent', () => {
  it('is refused while the first one works, and repairs after that one has died', async () => {
    const directory = SafeDirectory.open(node.root, '/var/lib/dnshealth', UID);
    const lock = await takeLock(directory);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'Locked' });
    lock.release();
    directory.close();
    // What a killed agent leaves: the socket, without a process that listens.
    node.write('/var/lib/dnshealth/lock.sock', '');
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
  });
});

describe('an agent that is stopped', () => {
  it('writes nothing after SIGTERM', async () => {
    node.stop.abort();
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'Interrupted',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
  });
});
