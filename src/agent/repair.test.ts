import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RepairReport, repairReportSchema, repairRequestSchema } from '../api/agent-protocol.ts';
import type { KubeletState, KubeletUnit, UnitManager } from './kubelet-unit.ts';
import { takeLock } from './lock.ts';
import { repair } from './repair.ts';
import { SafeDirectory } from './safe-directory.ts';

const UPLINK = '/run/systemd/resolve/resolv.conf';
const KUBESPRAY = '/etc/kubernetes/kubelet-config.yaml';
const KUBEADM = '/var/lib/kubelet/config.yaml';
const BAD = `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n# told by the inventory\nresolvConf: "/etc/resolv.conf"\neventRecordQPS: 50\n`;
const GOOD = BAD.replace('/etc/resolv.conf', UPLINK);
const UID = process.getuid?.() ?? 0;

/** A node on a scratch directory, with a systemd that starts kubelets in no time. */
class FakeNode implements UnitManager {
  readonly root = mkdtempSync(join(tmpdir(), 'dnshealth-node-'));
  config = KUBESPRAY;
  argv: string[] = ['/usr/local/bin/kubelet', '$KUBELET_ARGS'];
  environmentFiles = [{ path: '/etc/kubernetes/kubelet.env', optional: false }];
  nowMs = Date.now();
  restarts = 0;
  /** What the kubelet does with the text that it is started with. */
  starts: (text: string) => 'runs' | 'exits' | 'is mute' = () => 'runs';
  refusesRestart = false;
  override: Partial<KubeletUnit> = {};
  #state: KubeletState & { text: string };
  readonly stop = new AbortController();
  /** Called before and after each word with systemd. */
  onCall: () => void = () => undefined;

  constructor(from?: FakeNode) {
    if (from !== undefined) {
      cpSync(from.root, this.root, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !path.endsWith('.sock'),
      });
      this.nowMs = from.nowMs;
      this.restarts = from.restarts;
      this.starts = from.starts;
      this.#state = from.#state;
      return;
    }
    this.write('/etc/kubernetes/kubelet.env', `KUBELET_ARGS="--v=2 --config=${KUBESPRAY}"\n`);
    this.write(KUBESPRAY, BAD, 0o600);
    this.write('/run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53\n');
    this.write(UPLINK, 'nameserver 192.0.2.1\n');
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(this.root, 'etc/resolv.conf'));
    mkdirSync(join(this.root, 'var/lib/dnshealth'), { recursive: true });
    mkdirSync(join(this.root, 'var/lib/kubelet'), { recursive: true });
    this.#state = {
      activeState: 'active',
      subState: 'running',
      mainPid: 100,
      startedAtMs: 0,
      autoRestarts: 0,
      jobPending: false,
      text: BAD,
    };
  }

  write(path: string, text: string, mode = 0o644): void {
    const inside = join(this.root, path);
    mkdirSync(dirname(inside), { recursive: true });
    writeFileSync(inside, text, { mode });
  }
  read(path: string = this.config): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** As the node would be after the agent was killed now. Sockets cannot be copied, and mean nothing then. */
  copy(): FakeNode {
    return new FakeNode(this);
  }

  readonly describe = async (): Promise<KubeletUnit> => ({
    ...this.#state,
    loadState: 'loaded',
    restartPolicy: 'always',
    needDaemonReload: false,
    execStart: [this.argv],
    environment: [],
    environmentFiles: this.environmentFiles,
    fragmentPath: '/etc/systemd/system/kubelet.service',
    dropInPaths: [],
    ...this.override,
  });
  readonly state = async (): Promise<KubeletState> => {
    this.onCall();
    return this.#state;
  };
  readonly restart = async (): Promise<void> => {
    if (this.refusesRestart) throw new Error('access denied');
    this.onCall();
    this.restarts++;
    this.boot();
    this.onCall();
  };
  readonly resetFailed = async (): Promise<void> => undefined;
  readonly close = (): void => undefined;

  boot(): void {
    const text = this.read();
    // The real clock has made the file's change time; the kubelet is started after that.
    this.nowMs = Math.max(this.nowMs, Date.now()) + 10;
    const up = this.starts(text) !== 'exits';
    this.#state = {
      activeState: up ? 'active' : 'activating',
      subState: up ? 'running' : 'auto-restart',
      mainPid: up ? this.#state.mainPid + 1 : 0,
      startedAtMs: this.nowMs,
      autoRestarts: 0,
      jobPending: false,
      text,
    };
  }

  async repair(change: Record<string, unknown> = {}): Promise<RepairReport> {
    if (this.#state.startedAtMs === 0) {
      // File times are those of the kernel's clock, which moves in steps: keep clear of them on both sides.
      await setTimeout(10);
      this.#state = { ...this.#state, startedAtMs: Date.now() };
      await setTimeout(10);
      this.nowMs = Date.now();
    }
    const request = repairRequestSchema.parse({
      verb: 'repair',
      nonce: 'uid-1',
      remediation: 'node-1-abc',
      targets: [UPLINK],
      acceptRisky: false,
      replaceEmptyValue: false,
      known: { clusterDNS: ['10.233.0.3'] },
      nodeIP: '192.0.2.7',
      ...change,
    });
    const report = await repair(request, {
      hostRoot: this.root,
      trustedUid: UID,
      unit: this,
      clock: {
        now: () => this.nowMs,
        sleep: async (ms) => {
          this.nowMs += ms;
        },
      },
      answers: async () => this.#state.mainPid > 0 && this.starts(this.#state.text) === 'runs',
      stop: this.stop.signal,
      log: () => undefined,
      started: new Date(this.nowMs).toISOString(),
    });
    return repairReportSchema.parse(report);
  }

  /** The state directory as the next run finds it. */
  journalIsOpen(): boolean {
    return existsSync(join(this.root, 'var/lib/dnshealth/journal.json'));
  }
}

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
    node.environmentFiles = [
      { path: '/var/lib/kubelet/kubeadm-flags.env', optional: true },
      { path: '/etc/default/kubelet', optional: true },
    ];
    expect(await node.repair()).toMatchObject({
      outcome: 'repaired',
      layout: 'kubeadm',
      effective: { source: 'built-in default' },
    });
    expect(node.read()).toContain(`kind: KubeletConfiguration\nresolvConf: ${UPLINK}\nx: 1\n`);
  });

  it.each<[string, string, (node: FakeNode) => unknown]>([
    ['the target is missing', 'TargetMissing', (n) => unlinkSync(join(n.root, UPLINK))],
    ['the target is a stub', 'TargetUnusable', (n) => n.write(UPLINK, 'nameserver 127.0.0.53\n')],
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
      'a flag in an environment file wins',
      'FlagOverrides',
      (n) =>
        n.write(
          '/etc/kubernetes/kubelet.env',
          `KUBELET_ARGS="--config=${KUBESPRAY} \\\n--resolv-conf=/etc/resolv.conf"\n`,
        ),
    ],
    ['a flag in the unit wins', 'FlagOverrides', (n) => n.argv.push('--resolv-conf=/etc/resolv.conf')],
    [
      'a drop-in wins',
      'DropInOverrides',
      (n) => {
        n.write('/etc/kubernetes/kubelet.conf.d/10-x.conf', BAD);
        n.argv.push('--config-dir=/etc/kubernetes/kubelet.conf.d');
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
    ['the kubelet is being restarted', 'UnitNotRunning', (n) => (n.override = { jobPending: true })],
    ['the unit is masked', 'UnitNotRunning', (n) => (n.override = { loadState: 'masked' })],
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
    ['it is a managed node', 'ManagedPlatform', (n) => n.write('/etc/kubernetes/azure.json', '{}')],
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
    node.starts = (text) => (text === GOOD ? 'is mute' : 'runs');
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

describe('repair after a crash', () => {
  /** Runs once, keeps a copy of the whole node at every word with systemd: each is a moment at which it may be killed. */
  async function snapshots(prepare: (node: FakeNode) => void): Promise<readonly FakeNode[]> {
    const taken: FakeNode[] = [];
    prepare(node);
    node.onCall = () => taken.push(node.copy());
    await node.repair();
    node.onCall = () => undefined;
    return taken;
  }

  it('ends repaired from every moment of a good run, with one restart over all', async () => {
    const taken = await snapshots(() => undefined);
    expect(taken.length).toBeGreaterThan(5);
    for (const killed of taken) {
      expect(await killed.repair()).toMatchObject({
        outcome: 'repaired',
        kubelet: { restarts: 1, active: true },
      });
      expect(killed.read()).toBe(GOOD);
      expect(killed.restarts).toBe(1);
      expect(await killed.repair()).toMatchObject({ outcome: 'repaired', reason: 'EndedEarlier' });
      expect(killed.journalIsOpen()).toBe(false);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('ends rolled back from every moment of a run whose kubelet does not come up', async () => {
    const taken = await snapshots((n) => {
      n.starts = (text) => (text === GOOD ? 'exits' : 'runs');
    });
    for (const killed of taken) {
      expect(await killed.repair()).toMatchObject({
        outcome: 'rolled-back',
        kubelet: { restarts: 2, active: true },
      });
      expect(killed.read()).toBe(BAD);
      expect(killed.restarts).toBe(2);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('goes on for another incident, since a node has one kubelet', async () => {
    const taken = await snapshots(() => undefined);
    for (const killed of taken) {
      expect(await killed.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
        outcome: 'repaired',
      });
      expect(killed.restarts).toBe(1);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('touches nothing that somebody else has written meanwhile', async () => {
    const taken = await snapshots(() => undefined);
    for (const killed of taken.filter((one) => one.journalIsOpen())) {
      killed.write(KUBESPRAY, `${GOOD}# mine\n`);
      expect(await killed.repair()).toMatchObject({
        outcome: 'failed',
        reason: 'ForeignEdit',
        nodeUnchanged: false,
      });
      expect(killed.read()).toBe(`${GOOD}# mine\n`);
      rmSync(killed.root, { recursive: true });
    }
  });

  it('does not take a damaged journal for none', async () => {
    node.write('/var/lib/dnshealth/journal.json', '{');
    expect(await node.repair()).toMatchObject({
      outcome: 'failed',
      reason: 'InternalError',
      nodeUnchanged: false,
    });
    expect(node.read()).toBe(BAD);
  });
});
