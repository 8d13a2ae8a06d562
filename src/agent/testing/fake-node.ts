/** A node for the tests of the agent: a scratch directory tree, and a systemd that starts kubelets at once. */
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  type GuardReport,
  guardReportSchema,
  guardRequestSchema,
  type InspectReport,
  inspectReportSchema,
  inspectRequestSchema,
  KUBELET_DIRECTORIES,
  type RepairReport,
  type RollbackReport,
  repairReportSchema,
  repairRequestSchema,
  rollbackReportSchema,
  rollbackRequestSchema,
} from '../../api/agent-protocol.ts';
import type { Ask } from '../decide/ask-server.ts';
import { guard } from '../guard.ts';
import { inspect } from '../inspect.ts';
import { repair } from '../repair.ts';
import { rollback } from '../rollback.ts';
import type { KubeletState, KubeletUnit, LastExit, UnitManager } from '../unit/kubelet-unit.ts';

export const UPLINK = '/run/systemd/resolve/resolv.conf';
export const KUBESPRAY = '/etc/kubernetes/kubelet-config.yaml';
export const KUBEADM = '/var/lib/kubelet/config.yaml';
export const BAD = `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n# set by the inventory\nresolvConf: "/etc/resolv.conf"\neventRecordQPS: 50\n`;
export const GOOD = BAD.replace('/etc/resolv.conf', UPLINK);
export const UID = process.getuid?.() ?? 0;

export interface ExistingNode {
  readonly root: string;
  readonly startedAtMs: number;
}

export class FakeNode implements UnitManager {
  readonly root: string;
  config = KUBESPRAY;
  argv: string[] = ['/usr/local/bin/kubelet', '$KUBELET_ARGS'];
  environmentFiles = ['/etc/kubernetes/kubelet.env'];
  nowMs = Date.now();
  uptimeMs = 86_400_000;
  restarts = 0;
  /** What a kubelet that is started with this text does. */
  starts: (text: string) => 'runs' | 'exits' | 'runs without serving' = () => 'runs';
  /** After how long a kubelet that was started with this text exits with code 1. */
  livesMs: (text: string) => number = () => Number.POSITIVE_INFINITY;
  refusesRestart = false;
  /** Whether a guard was started beside the agent. */
  expectsGuard = false;
  /** Whether the agent beside the guard has said that it ends. */
  agentEnded = true;
  /** What the programs log. */
  onLog: (message: string) => void = () => undefined;
  /** What the node's DNS servers answer. */
  ask: Ask = async () => ({ result: 'NXDOMAIN', ms: 1 });
  /** What the running kubelet gives to pods. */
  given = 'nameserver 127.0.0.53\n';
  /** When it gave that to the pod of the agent; undefined: after all that happened so far. */
  givenAtMs: number | undefined;
  override: Partial<KubeletUnit> = {};
  #state: KubeletState & { text: string };
  readonly stop = new AbortController();
  /** Called before and after each call to systemd. */
  onCall: () => void = () => undefined;

  /** A new node, a copy of one, or one that another process has left. */
  constructor(from?: FakeNode | ExistingNode) {
    this.root =
      from && !(from instanceof FakeNode) ? from.root : mkdtempSync(join(tmpdir(), 'dnshealth-node-'));
    if (from instanceof FakeNode) {
      cpSync(from.root, this.root, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !path.endsWith('.sock'),
      });
      this.restarts = from.restarts;
      this.starts = from.starts;
      this.livesMs = from.livesMs;
      // The copied files are newer than the kubelet that has read the originals; its copy must be newer still.
      this.nowMs = Math.max(from.nowMs, Date.now() + 10);
      this.#state = from.restarts > 0 ? { ...from.#state, startedAtMs: this.nowMs } : from.#state;
      this.giveConfigTo(statSync(join(from.root, 'etc/kubernetes')).uid);
      return;
    }
    this.#state = {
      activeState: 'active',
      subState: 'running',
      mainPid: 100,
      startedAtMs: from?.startedAtMs ?? 0,
      autoRestarts: 0,
      jobPending: false,
      lastExit: { result: 'success', code: 0, status: 0 },
      text: BAD,
    };
    if (from !== undefined) return;
    this.write('/etc/kubernetes/kubelet.env', `KUBELET_ARGS="--v=2 --config=${KUBESPRAY}"\n`);
    this.write(KUBESPRAY, BAD, 0o600);
    for (const directory of ['/usr/bin', '/usr/local/bin', '/opt/bin'])
      this.write(`${directory}/kubelet`, 'a program', 0o755);
    this.write('/run/systemd/resolve/stub-resolv.conf', 'nameserver 127.0.0.53\n');
    this.write(UPLINK, 'nameserver 192.0.2.1\n');
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(this.root, 'etc/resolv.conf'));
    mkdirSync(join(this.root, 'var/lib/dnshealth'), { recursive: true });
    mkdirSync(join(this.root, 'var/lib/kubelet'), { recursive: true });
  }

  write(path: string, text: string, mode = 0o644): void {
    const inside = join(this.root, path);
    mkdirSync(dirname(inside), { recursive: true });
    writeFileSync(inside, text, { mode });
  }
  read(path: string = this.config): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** As kubespray does with `kube_owner: kube`: the directory, not the file in it. */
  giveConfigTo(uid: number): void {
    chownSync(join(this.root, 'etc/kubernetes'), uid, -1);
  }

  /** Starts the kubelet, so that all existing files are older. */
  async startKubelet(): Promise<number> {
    // File times come from the kernel's coarse clock: keep clear of its steps on both sides.
    await setTimeout(10);
    this.#state = { ...this.#state, startedAtMs: Date.now() };
    await setTimeout(10);
    this.nowMs = Date.now();
    return this.#state.startedAtMs;
  }

  /** The node as it would be if the agent were killed now. Sockets cannot be copied, and are dead then anyway. */
  copy(): FakeNode {
    return new FakeNode(this);
  }

  readonly describe = async (): Promise<KubeletUnit> => ({
    ...this.#state,
    steadyStartMs: this.override.startedAtMs ?? this.#state.startedAtMs,
    loadState: 'loaded',
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
    if (this.nowMs - this.#state.startedAtMs >= this.livesMs(this.#state.text))
      this.end({ result: 'exit-code', code: 1, status: 1 });
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
    // The file's change time comes from the real clock; the kubelet is started after that.
    this.nowMs = Math.max(this.nowMs, Date.now()) + 10;
    const up = this.starts(text) !== 'exits';
    this.#state = {
      activeState: up ? 'active' : 'activating',
      subState: up ? 'running' : 'auto-restart',
      mainPid: up ? this.#state.mainPid + 1 : 0,
      startedAtMs: this.nowMs,
      autoRestarts: 0,
      jobPending: false,
      lastExit: up ? { result: 'success', code: 0, status: 0 } : { result: 'exit-code', code: 1, status: 1 },
      text,
    };
  }

  /** Someone else restarts the kubelet: systemd starts its count of automatic restarts again. */
  restartByHand(): void {
    this.restarts++;
    this.boot();
  }

  /** The kubelet ends, and systemd is about to start it again. */
  end(lastExit: LastExit): void {
    this.#state = {
      ...this.#state,
      activeState: 'activating',
      subState: 'auto-restart',
      mainPid: 0,
      lastExit,
    };
  }

  async inspect(change: Record<string, unknown> = {}): Promise<InspectReport> {
    if (this.#state.startedAtMs === 0) await this.startKubelet();
    const request = inspectRequestSchema.parse({ verb: 'inspect', ...change });
    return inspectReportSchema.parse(await inspect(request, { ...this.#context(), trustedUid: UID }));
  }

  #context() {
    return {
      hostRoot: this.root,
      unit: this,
      clock: {
        now: () => this.nowMs,
        sleep: async (ms: number) => {
          this.nowMs += ms;
          // So that an agent and its guard, which talk over a real socket, get their turns.
          await setImmediate();
        },
      },
      ask: this.ask,
      stop: this.stop.signal,
      started: new Date(this.nowMs).toISOString(),
      uptimeMs: () => this.uptimeMs,
      log: (message: string) => this.onLog(message),
      ownResolvConf: () => ({ text: this.given, writtenAtMs: this.givenAtMs ?? this.nowMs }),
    };
  }

  async repair(change: Record<string, unknown> = {}): Promise<RepairReport> {
    if (this.#state.startedAtMs === 0) await this.startKubelet();
    const request = repairRequestSchema.parse({
      verb: 'repair',
      nonce: 'uid-1',
      remediation: 'node-1-abc',
      targets: [UPLINK],
      acceptRisky: false,
      replaceEmptyValue: false,
      known: { clusterDNS: ['10.233.0.3'] },
      externalName: 'x.invalid',
      writable: KUBELET_DIRECTORIES,
      nodeIP: '192.0.2.7',
      ...change,
    });
    return repairReportSchema.parse(await repair(request, this.#writable()));
  }

  async rollback(change: Record<string, unknown> = {}): Promise<RollbackReport> {
    const request = {
      verb: 'rollback',
      nonce: 'uid-back',
      remediation: 'node-1-back',
      of: 'node-1-abc',
      writable: KUBELET_DIRECTORIES,
      nodeIP: '192.0.2.7',
      ...change,
    };
    const report = await rollback(rollbackRequestSchema.parse(request), this.#writable());
    return rollbackReportSchema.parse(report);
  }

  async guard(change: Record<string, unknown> = {}): Promise<GuardReport> {
    const request = guardRequestSchema.parse({
      verb: 'guard',
      nonce: 'uid-1',
      remediation: 'node-1-abc',
      writable: KUBELET_DIRECTORIES,
      nodeIP: '192.0.2.7',
      ...change,
    });
    const context = { ...this.#writable(), agentEnded: () => this.agentEnded };
    return guardReportSchema.parse(await guard(request, context));
  }

  #writable() {
    return {
      ...this.#context(),
      trustedUid: UID,
      expectsGuard: this.expectsGuard,
      kubeletServes: async () => this.#state.mainPid > 0 && this.starts(this.#state.text) === 'runs',
    };
  }

  /** Whether the next run finds an unfinished journal. */
  journalIsOpen(): boolean {
    return existsSync(join(this.root, 'var/lib/dnshealth/journal.json'));
  }

  /** The step of the unfinished journal, if there is one. */
  journalStep(): string | undefined {
    if (!this.journalIsOpen()) return undefined;
    return (JSON.parse(this.read('/var/lib/dnshealth/journal.json')) as { step: string }).step;
  }
}
