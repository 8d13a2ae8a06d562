import {
  chmodSync,
  linkSync,
  lstatSync,
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
import { BAD, FakeNode, GOOD, KUBEADM, KUBESPRAY, UID, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

describe('repair', () => {
  it('changes the one value, restarts once, and leaves backup, owner and mode', async () => {
    const report = await node.repair();
    expect(report).toMatchObject({
      outcome: 'repaired',
      layout: 'kubespray',
      nodeUnchanged: false,
      effective: { value: '/etc/resolv.conf', source: `${KUBESPRAY}:4` },
      current: { class: 'stub', nameservers: ['127.0.0.53'] },
      target: { path: UPLINK, class: 'ok' },
      change: { line: 4, before: 'resolvConf: "/etc/resolv.conf"', after: `resolvConf: "${UPLINK}"` },
      kubelet: { pidBefore: 100, pidAfter: 101, restarts: 1, active: true },
    });
    expect(node.read()).toBe(GOOD);
    expect(node.read(report.change?.backup)).toBe(BAD);
    expect(lstatSync(join(node.root, KUBESPRAY)).mode & 0o7777).toBe(0o600);
    expect(node.restarts).toBe(1);
    expect(node.journalIsOpen()).toBe(false);
    expect(readdirSync(join(node.root, 'etc/kubernetes')).toSorted()).toEqual([
      'kubelet-config.yaml',
      'kubelet.env',
    ]);
    expect(readdirSync(join(node.root, 'var/lib/dnshealth'))).toEqual(['node-1-abc']);
  });

  it('does nothing the second time: for the same incident it tells the end again, for another one all is right', async () => {
    await node.repair();
    expect(await node.repair()).toMatchObject({
      outcome: 'repaired',
      reason: 'EndedEarlier',
      kubelet: { restarts: 1 },
    });
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'already-right',
    });
    expect(node.restarts).toBe(1);
  });

  it('repairs the kubeadm layout with the key absent', async () => {
    node.config = KUBEADM;
    node.write(KUBEADM, 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nx: 1\n');
    node.write(
      '/var/lib/kubelet/kubeadm-flags.env',
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///x"\n',
    );
    node.argv = [
      '/usr/bin/kubelet',
      '--kubeconfig=/etc/kubernetes/kubelet.conf',
      `--config=${KUBEADM}`,
      '$KUBELET_KUBEADM_ARGS',
      '$KUBELET_EXTRA_ARGS',
    ];
    node.environmentFiles = ['/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet'];
    expect(await node.repair()).toMatchObject({
      outcome: 'repaired',
      layout: 'kubeadm',
      effective: { source: 'built-in default' },
    });
    expect(node.read()).toContain(`kind: KubeletConfiguration\nresolvConf: ${UPLINK}\nx: 1\n`);
  });

  it.each<[string, string, (node: FakeNode) => unknown]>([
    ['the target is missing', 'TargetMissing', (n) => unlinkSync(join(n.root, UPLINK))],
    ['the target is a stub', 'TargetLoops', (n) => n.write(UPLINK, 'nameserver 127.0.0.53\n')],
    ['the target lists no server', 'TargetEmpty', (n) => n.write(UPLINK, '# No DNS servers known.\n')],
    ['the target has a server line without one', 'TargetInvalid', (n) => n.write(UPLINK, 'nameserver\n')],
    [
      'the target lists cluster DNS alone',
      'TargetSelfOnly',
      (n) => n.write(UPLINK, 'nameserver 10.233.0.3\n'),
    ],
    [
      'nobody answers behind the target',
      'TargetSilent',
      (n) => (n.ask = async () => ({ result: 'timeout', ms: 3000 })),
    ],
    [
      'the servers of the target refuse the pod network',
      'TargetSilent',
      (n) => (n.ask = async () => ({ result: 'REFUSED', ms: 1 })),
    ],
    [
      'the target lists node-local DNS, too',
      'TargetRisky',
      (n) => n.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n'),
    ],
    [
      'the current file is usable',
      'CurrentIsUsable',
      (n) => n.write('/run/systemd/resolve/stub-resolv.conf', 'nameserver 192.0.2.9\n'),
    ],
    [
      'the current file is out of sight',
      'CurrentUnreadable',
      (n) => n.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', '/run/dnsmasq/resolv.conf')),
    ],
    [
      'the value is empty',
      'EmptyValueNotAllowed',
      (n) => n.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', '')),
    ],
    [
      'a flag in an environment file of its own wins',
      'FlagOverrides',
      (n) => {
        n.write('/etc/kubernetes/extra.env', 'EXTRA=--resolv-conf=/etc/resolv.conf\n');
        n.environmentFiles.push('/etc/kubernetes/extra.env');
        n.argv.push('$EXTRA');
      },
    ],
    ['a flag in the unit wins', 'FlagOverrides', (n) => n.argv.push('--resolv-conf=/etc/resolv.conf')],
    [
      'a drop-in elsewhere wins',
      'UnknownLayout',
      (n) => {
        n.write('/etc/kubelet.conf.d/10-x.conf', BAD);
        n.argv.push('--config-dir=/etc/kubelet.conf.d');
      },
    ],
    [
      'the directory of drop-ins cannot be seen',
      'UnsafePath',
      (n) => n.argv.push('--config-dir=/opt/kubelet.conf.d'),
    ],
    [
      'a drop-in spells the key in another case, which a kubelet takes from there',
      'DuplicateKey',
      (n) => {
        n.write('/etc/kubernetes/conf.d/10-x.conf', BAD.replace('resolvConf', 'resolvconf'));
        n.argv.push('--config-dir=/etc/kubernetes/conf.d');
      },
    ],
    [
      'the key is there twice',
      'DuplicateKey',
      (n) => n.write(KUBESPRAY, `${BAD}resolvConf: /etc/resolv.conf\n`),
    ],
    ['the configuration is no YAML', 'ConfigNotParseable', (n) => n.write(KUBESPRAY, `${BAD}"\n`)],
    [
      'the configuration is newer than the kubelet',
      'PendingChanges',
      (n) => (n.override = { startedAtMs: Date.now() - 60_000 }),
    ],
    [
      'systemd has not read the unit again',
      'PendingChanges',
      (n) => (n.override = { needDaemonReload: true }),
    ],
    ['the kubelet is down', 'UnitNotRunning', (n) => (n.override = { activeState: 'failed', mainPid: 0 })],
    ['the kubelet is being restarted', 'UnitBusy', (n) => (n.override = { jobPending: true })],
    [
      'the kubelet is in a restart loop',
      'RestartLoop',
      (n) =>
        (n.override = { activeState: 'activating', subState: 'auto-restart', mainPid: 0, autoRestarts: 7 }),
    ],
    ['the unit is masked', 'UnitMasked', (n) => (n.override = { loadState: 'masked' })],
    ['a shell starts the kubelet', 'UnknownLayout', (n) => (n.argv = ['/bin/sh', '-c', 'exec kubelet'])],
    ['there is no --config', 'UnknownLayout', (n) => (n.argv = ['/usr/bin/kubelet'])],
    [
      'the configuration is elsewhere',
      'UnsafePath',
      (n) => (n.argv = ['/usr/bin/kubelet', '--config=/opt/kubelet.yaml']),
    ],
    [
      'the configuration is elsewhere below /etc',
      'UnknownLayout',
      (n) => {
        n.write('/etc/x/kubelet.yaml', BAD);
        n.argv = ['/usr/bin/kubelet', '--config=/etc/x/kubelet.yaml'];
      },
    ],
    ['it is a node of AKS', 'ManagedPlatform', (n) => n.write('/etc/kubernetes/azure.json', '{}')],
    ['it is a node of EKS', 'ManagedPlatform', (n) => n.write('/etc/eks/bootstrap.sh', '')],
    ['it is a node of RKE2', 'ManagedPlatform', (n) => n.write('/etc/rancher/rke2/config.yaml', '')],
    ['it is a node of OpenShift', 'ManagedPlatform', (n) => n.write('/etc/machine-config-daemon/x', '')],
    ['it is a node of Bottlerocket', 'ManagedPlatform', (n) => n.write('/etc/bottlerocket-release', '')],
    [
      'it is a node of GKE',
      'ManagedPlatform',
      (n) => (n.argv = ['/home/kubernetes/bin/kubelet', `--config=${KUBESPRAY}`]),
    ],
    [
      'the configuration is a link',
      'UnsafePath',
      (n) => {
        renameSync(join(n.root, KUBESPRAY), join(n.root, 'etc/kubernetes/real.yaml'));
        symlinkSync('real.yaml', join(n.root, KUBESPRAY));
      },
    ],
    [
      'the configuration has two names',
      'UnsafePath',
      (n) => linkSync(join(n.root, KUBESPRAY), join(n.root, 'etc/kubernetes/other')),
    ],
    [
      'others may write in the directory',
      'UnsafePath',
      (n) => chmodSync(join(n.root, 'etc/kubernetes'), 0o777),
    ],
    [
      'the directory is a link',
      'UnsafePath',
      (n) => {
        renameSync(join(n.root, 'etc/kubernetes'), join(n.root, 'etc/k'));
        symlinkSync('k', join(n.root, 'etc/kubernetes'));
      },
    ],
    ['the configuration is huge', 'UnsafePath', (n) => n.write(KUBESPRAY, BAD + '#'.repeat(2 << 20))],
    [
      'the configuration is not UTF-8',
      'ConfigNotParseable',
      (n) => writeFileSync(join(n.root, KUBESPRAY), Buffer.from([0xff, 0xfe])),
    ],
  ])('refuses where %s', async (_name, reason, prepare) => {
    prepare(node);
    const before = node.read();
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason, nodeUnchanged: true });
    expect(report.advice).toMatch(/\w+/);
    expect(node.read()).toBe(before);
    expect(node.restarts).toBe(0);
    expect(readdirSync(join(node.root, 'var/lib/dnshealth'))).toEqual([]);
  });

  it('refuses where another agent is at work, and goes on once it has died', async () => {
    const directory = SafeDirectory.open(node.root, '/var/lib/dnshealth', UID);
    const lock = await takeLock(directory);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'Locked' });
    lock.release();
    directory.close();
    // What a killed agent leaves: the name without anybody behind it.
    node.write('/var/lib/dnshealth/lock.sock', '');
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
  });

  it('replaces the empty value and accepts a risky target where the policy says so', async () => {
    node.write(KUBESPRAY, BAD.replace('/etc/resolv.conf', ''), 0o600);
    node.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n');
    expect(await node.repair({ replaceEmptyValue: true, acceptRisky: true })).toMatchObject({
      outcome: 'repaired',
    });
    expect(node.read()).toBe(GOOD);
  });

  it('does not take the answer of the cluster’s own server for one of the target', async () => {
    node.write(UPLINK, 'nameserver 169.254.25.10\nnameserver 192.0.2.1\n');
    node.ask = async (server) => ({ result: server === '169.254.25.10' ? 'NOERROR' : 'timeout', ms: 1 });
    const report = await node.repair({ acceptRisky: true });
    expect(report).toMatchObject({ outcome: 'refused', reason: 'TargetSilent', nodeUnchanged: true });
    expect(report.message).toContain('192.0.2.1: timeout');
  });

  it('is content with one server that answers', async () => {
    node.write(UPLINK, 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n');
    node.ask = async (server) => ({ result: server === '192.0.2.2' ? 'NOERROR' : 'ECONNREFUSED', ms: 1 });
    expect(await node.repair()).toMatchObject({ outcome: 'repaired' });
  });

  describe('a kubelet that systemd had to restart a moment ago', () => {
    beforeEach(async () => {
      const startedAtMs = await node.startKubelet();
      node.override = { startedAtMs, autoRestarts: 2 };
    });

    it('is repaired once it has stayed up, as after a boot', async () => {
      expect(await node.repair()).toMatchObject({ outcome: 'repaired', kubelet: { restarts: 1 } });
    });

    it('is left alone where it ends again', async () => {
      node.onCall = () => node.boot();
      expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'RestartLoop' });
      expect(node.read()).toBe(BAD);
      expect(node.restarts).toBe(0);
    });
  });

  it('brings the old bytes back where the new kubelet exits', async () => {
    node.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    expect(await node.repair()).toMatchObject({
      outcome: 'rolled-back',
      nodeUnchanged: true,
      kubelet: { restarts: 2, active: true },
    });
    expect(node.read()).toBe(BAD);
    expect(node.journalIsOpen()).toBe(false);
  });

  it('brings the old bytes back where the new kubelet runs but does not answer', async () => {
    node.starts = (text) => (text === GOOD ? 'runs without serving' : 'runs');
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'rolled-back', reason: 'KubeletDidNotComeUp' });
    expect(report.message).toContain('does not answer');
    expect(node.read()).toBe(BAD);
  });

  it('says so where the kubelet does not come up with the old bytes either', async () => {
    node.starts = () => 'exits';
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'KubeletDown',
      nodeUnchanged: true,
      kubelet: { active: false },
    });
    expect(node.read()).toBe(BAD);
  });

  it('brings the old bytes back without a restart where systemd refuses the restart', async () => {
    node.refusesRestart = true;
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'RestartFailed',
      nodeUnchanged: true,
      kubelet: { active: true },
    });
    expect(node.read()).toBe(BAD);
    expect(node.restarts).toBe(0);
  });

  it('writes nothing after SIGTERM', async () => {
    node.stop.abort();
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'Interrupted',
      nodeUnchanged: true,
    });
    expect(node.read()).toBe(BAD);
  });

  it('does not take a forged name for a directory', async () => {
    expect(await node.repair({ remediation: '../../etc' })).toMatchObject({
      outcome: 'failed',
      nodeUnchanged: true,
    });
  });

  it('takes the time of the inode, not the one that cp -p can set', async () => {
    node.override = { startedAtMs: Date.now() - 1000 };
    utimesSync(join(node.root, KUBESPRAY), 0, 0);
    expect(await node.repair()).toMatchObject({ outcome: 'refused', reason: 'PendingChanges' });
  });
});
