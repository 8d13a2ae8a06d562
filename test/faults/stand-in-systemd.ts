/** A systemd with one unit, kubelet.service, on the bus of a scratch node; it outlives the agents that are killed. */
import { type BusAnswer, type BusCall, serveBus } from './dbus-server.ts';

export interface KubeletSetup {
  readonly argv: readonly string[];
  readonly environmentFiles?: readonly (readonly [path: string, optional: boolean])[];
  readonly environment?: readonly string[];
  /** Whether a kubelet that is started now runs with the configuration of the node. */
  readonly comesUp: () => boolean;
}

/** What the clock of systemd's monotonic times is behind the wall clock. */
const steadyOffsetUs = (): number => Date.now() * 1000 - Number(process.hrtime.bigint() / 1000n);

/** The kubelet is not restarted, or it is and the reply is lost, or the restart is denied; or the agent is killed then. */
export const BUS_FAULTS = [
  'breaks off before',
  'breaks off after',
  'refuses',
  'kills the agent before',
  'kills the agent after',
] as const;
export type BusFault = (typeof BUS_FAULTS)[number];

export class StandInSystemd {
  readonly #kubelet: KubeletSetup;
  #close: () => void = () => undefined;
  #isUp = true;
  #pid = 100;
  #startedAtMs = Date.now();
  /** How often the kubelet was restarted on request. */
  restarts = 0;
  /** How the bus fails the nth restart request. */
  onRestart: { readonly nth: number; readonly does: BusFault } | undefined;
  /** Kills the agent that runs. */
  killAgent: () => void = () => undefined;
  #asked = 0;

  private constructor(kubelet: KubeletSetup) {
    this.#kubelet = kubelet;
  }

  static async start(socketPath: string, kubelet: KubeletSetup): Promise<StandInSystemd> {
    const systemd = new StandInSystemd(kubelet);
    const server = await serveBus(socketPath, (call) => systemd.#answer(call));
    systemd.#close = server.close;
    return systemd;
  }

  close(): void {
    this.#close();
  }

  /** As at boot: the kubelet is newer than all it has read. */
  boot(): void {
    this.#startedAtMs = Date.now();
  }

  get kubeletRuns(): boolean {
    return this.#isUp;
  }

  readonly #restart = (): void => {
    this.restarts += 1;
    this.#isUp = this.#kubelet.comesUp();
    this.#pid += 1;
    this.#startedAtMs = Date.now();
  };

  #answer({ member, args }: BusCall): BusAnswer {
    const accepted = { signature: 'o', body: ['/org/freedesktop/systemd1/job/1'] };
    switch (member) {
      case 'GetAll': {
        const properties = args[0]?.endsWith('.Unit') ? this.#unit() : this.#service();
        return { signature: 'a{sv}', body: [Object.entries(properties)] };
      }
      case 'Get': {
        const value = { ...this.#unit(), ...this.#service() }[args[1] ?? ''];
        return value ? { signature: 'v', body: [value] } : { error: `unknown property ${args[1]}` };
      }
      case 'RestartUnit': {
        this.#asked += 1;
        const fault = this.onRestart?.nth === this.#asked ? this.onRestart.does : undefined;
        if (fault === 'refuses') return { error: 'org.freedesktop.DBus.Error.AccessDenied' };
        if (fault?.endsWith(' before') !== true) this.#restart();
        if (fault?.startsWith('kills ') === true) this.killAgent();
        return fault === undefined ? accepted : 'hang up';
      }
      case 'ResetFailedUnit':
        return { signature: '', body: [] };
      default:
        return { error: `unknown method ${member}` };
    }
  }

  #unit(): Record<string, readonly [string, unknown]> {
    return {
      LoadState: ['s', 'loaded'],
      ActiveState: ['s', this.#isUp ? 'active' : 'activating'],
      SubState: ['s', this.#isUp ? 'running' : 'auto-restart'],
      Job: ['(uo)', [0, '/']],
      NeedDaemonReload: ['b', false],
      FragmentPath: ['s', '/etc/systemd/system/kubelet.service'],
      DropInPaths: ['as', []],
    };
  }

  #service(): Record<string, readonly [string, unknown]> {
    const { argv, environment = [], environmentFiles = [] } = this.#kubelet;
    return {
      MainPID: ['u', this.#isUp ? this.#pid : 0],
      NRestarts: ['u', 0],
      Result: ['s', this.#isUp ? 'success' : 'exit-code'],
      ExecMainCode: ['i', this.#isUp ? 0 : 1],
      ExecMainStatus: ['i', this.#isUp ? 0 : 1],
      ExecMainStartTimestamp: ['t', this.#startedAtMs * 1000],
      ExecMainStartTimestampMonotonic: ['t', this.#startedAtMs * 1000 - steadyOffsetUs()],
      ExecStart: ['a(sasbttttuii)', [[argv[0], argv, false, 0, 0, 0, 0, this.#pid, 0, 0]]],
      Environment: ['as', environment],
      EnvironmentFiles: ['a(sb)', environmentFiles],
    };
  }
}
