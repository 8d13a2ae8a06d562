import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_REPORT_BYTES } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import { HostTree } from '../files/host-tree.ts';
import { fitReport } from '../report.ts';
import { BAD, FakeNode, GOOD, KUBEADM, KUBESPRAY } from '../testing/fake-node.ts';
import { rewrittenOf } from './rewritten.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
  logged = [];
});
afterEach(() => rmSync(node.root, { recursive: true }));

const inside = (path: string): string => join(node.root, path);
const pathsOf = (rewritten?: { readonly neighbours: readonly { readonly path: string }[] }) =>
  rewritten?.neighbours.map(({ path }) => path).toSorted();

/** A node with files that were changed long before the others: the kernel sets change times only to now. */
class AgedTree extends HostTree {
  readonly #old: RegExp;
  constructor(root: string, old: RegExp) {
    super(root);
    this.#old = old;
  }
  override entries(directory: string) {
    return super.entries(directory).map(({ path, stats }) => {
      if (this.#old.test(path)) stats.ctimeMs -= 61_000;
      return { path, stats };
    });
  }
}

/** A node with a directory that even root cannot read, as on a network file system. */
class LockedTree extends HostTree {
  readonly #locked: string;
  constructor(root: string, locked: string) {
    super(root);
    this.#locked = locked;
  }
  override entries(directory: string) {
    if (directory === this.#locked)
      throw new Refused('NotReadable', `The path ${directory} of the node cannot be read: EACCES.`);
    return super.entries(directory);
  }
}

let logged: unknown[];
const look = (host = new HostTree(node.root)) =>
  rewrittenOf(
    {
      effective: {
        value: '/etc/resolv.conf',
        source: { kind: 'config', path: node.config, line: 4 },
        configPath: node.config,
        place: undefined,
        args: [],
        program: '/usr/bin/kubelet',
        inputs: [],
      },
    },
    { host, log: (...line) => logged.push(line), nowMs: Date.now(), uptimeMs: 60_000 },
  );

describe('the file that sets resolvConf', () => {
  it('is described by its times, its owner and its mode, as it was before the repair', async () => {
    node.uptimeMs = 3_600_000;
    const before = Date.now();
    const { rewritten, change } = await node.repair();
    expect(rewritten).toMatchObject({ path: KUBESPRAY, owner: change?.owner, mode: '0600', more: 0 });
    expect(Date.parse(rewritten?.ctime ?? '')).toBeLessThanOrEqual(before);
    expect(Date.parse(rewritten?.bootedAt ?? '')).toBeLessThan(before - 3_500_000);
    expect(rewritten?.resolvConf).toMatchObject({
      path: '/etc/resolv.conf',
      link: '../run/systemd/resolve/stub-resolv.conf',
    });
    expect(rewritten?.sinceRepair).toBeUndefined();
  });

  it('is described by a dry run as well, to which the journals are not mounted', async () => {
    await node.repair();
    node.write(KUBESPRAY, BAD);
    rmSync(inside('/var/lib/dnshealth'), { recursive: true });
    const { rewritten } = await node.inspect();
    expect(rewritten).toMatchObject({ path: KUBESPRAY });
    expect(rewritten?.sinceRepair).toBeUndefined();
  });

  it.each([
    ['as it was before that repair', BAD, 'AsBefore'],
    ['as the repair left it', GOOD, 'AsRepaired'],
    ['different from both', `${BAD}maxPods: 200\n`, 'Other'],
  ])('is compared with the last repair: %s', async (_what, text, content) => {
    await node.repair({ remediation: 'node-1-first' });
    node.write(KUBESPRAY, text);
    await node.startKubelet();
    const { rewritten } = await node.repair({ remediation: 'node-1-second', nonce: 'uid-2' });
    expect(rewritten).toMatchObject({ sinceRepair: 'node-1-first', content });
    expect(Date.parse(rewritten?.repairedAt ?? '')).toBeGreaterThan(0);
  });

  it('is the one that a symbolic link leads to', () => {
    node.write('/etc/kubernetes/real/config.yaml', BAD, 0o640);
    rmSync(inside(KUBESPRAY));
    symlinkSync('real/config.yaml', inside(KUBESPRAY));
    expect(look()).toMatchObject({ path: '/etc/kubernetes/real/config.yaml', mode: '0640' });
  });

  it('is compared by its change time where its modification time is in the future', () => {
    utimesSync(inside(KUBESPRAY), new Date('2100-01-01'), new Date('2100-01-01'));
    expect(look()).toMatchObject({ mtime: '2100-01-01T00:00:00.000Z' });
    expect(pathsOf(look())).toContain('/etc/kubernetes/kubelet.env');
  });

  it('is not described where it does not exist', () => {
    rmSync(inside(KUBESPRAY));
    expect(look()).toBeUndefined();
  });
});

describe('what else changed in the same minute', () => {
  it('is what kubespray leaves: its environment file, the backup of that, and the unit', () => {
    node.write('/etc/kubernetes/kubelet.env.4711.2026-11-26@18:00:01~', 'A=1\n', 0o600);
    node.write('/etc/systemd/system/kubelet.service', '[Service]\n');
    node.write('/etc/systemd/system/sshd.service', '[Service]\n');
    expect(pathsOf(look())).toEqual([
      '/etc/kubernetes/kubelet.env',
      '/etc/kubernetes/kubelet.env.4711.2026-11-26@18:00:01~',
      '/etc/systemd/system/kubelet.service',
    ]);
  });

  it('is what kubeadm leaves: its flags, and the directory of its backup', () => {
    node.config = KUBEADM;
    node.write(KUBEADM, BAD);
    node.write('/var/lib/kubelet/kubeadm-flags.env', 'A=1\n');
    node.write('/etc/kubernetes/tmp/kubeadm-kubelet-config123/config.yaml', BAD);
    // Of the kubelet itself, at each start.
    node.write('/var/lib/kubelet/cpu_manager_state', '{}');
    mkdirSync(inside('/var/lib/kubelet/pods'));
    expect(pathsOf(look(new AgedTree(node.root, /kubelet-config\.yaml|kubelet\.env$/)))).toEqual([
      '/etc/kubernetes/tmp',
      '/etc/kubernetes/tmp/kubeadm-kubelet-config123',
      '/var/lib/kubelet/kubeadm-flags.env',
    ]);
  });

  it('is what an editor, sudo, cloud-init and Puppet leave', () => {
    node.write('/etc/kubernetes/.kubelet-config.yaml.swp', '');
    node.write('/run/sudo/ts/alice', '');
    node.write('/run/cloud-init/result.json', '{}');
    node.write('/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml', '');
    expect(pathsOf(look())).toEqual([
      '/etc/kubernetes/.kubelet-config.yaml.swp',
      '/etc/kubernetes/kubelet.env',
      '/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml',
      '/run/cloud-init/result.json',
      '/run/sudo/ts/alice',
    ]);
  });

  it('does not include what was changed more than a minute before', () => {
    expect(pathsOf(look(new AgedTree(node.root, /kubelet\.env/)))).toEqual([]);
  });

  it('includes a backup with an old modification time, as Ansible keeps it', () => {
    const backup = '/etc/kubernetes/kubelet.env.1.2026-11-26@18:00:01~';
    node.write(backup, 'A=1\n');
    utimesSync(inside(backup), new Date('2020-01-01'), new Date('2020-01-01'));
    expect(pathsOf(look())).toContain(backup);
  });

  it('names a link and does not follow it', () => {
    symlinkSync('/nowhere/at/all', inside('/etc/kubernetes/link'));
    expect(pathsOf(look())).toContain('/etc/kubernetes/link');
  });

  it('is not looked for outside the directories that the agent can see', () => {
    mkdirSync(inside('/srv/config'), { recursive: true });
    writeFileSync(inside('/srv/config/secret'), '');
    renameSync(inside('/etc/kubernetes'), inside('/srv/kubernetes'));
    symlinkSync('/srv/kubernetes', inside('/etc/kubernetes'));
    expect(look()).toBeUndefined();
  });

  it('is the nearest where there are hundreds, with the number of the others, and fits into a report', async () => {
    for (let n = 0; n < 300; n++) node.write(`/etc/kubernetes/${'long-name-'.repeat(20)}${n}.yaml`, '');
    const { rewritten, ...report } = await node.repair();
    expect(rewritten?.neighbours).toHaveLength(8);
    expect(rewritten?.more).toBe(293);
    const json = fitReport({ ...report, ...(rewritten && { rewritten }) });
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_REPORT_BYTES);
    expect(JSON.parse(json)).toMatchObject({
      outcome: 'repaired',
      rewritten: { path: KUBESPRAY, neighbours: expect.any(Array) },
    });
  });

  it('leaves out a directory that cannot be read, which the log names', () => {
    node.write('/run/cloud-init/result.json', '{}');
    expect(pathsOf(look(new LockedTree(node.root, '/etc/kubernetes')))).toEqual([
      '/run/cloud-init/result.json',
    ]);
    expect(logged).toEqual([
      ['traces not readable', { path: '/etc/kubernetes', error: expect.stringContaining('EACCES') }],
    ]);
  });
});
