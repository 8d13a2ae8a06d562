/** kubelet.service over the system bus: the `UnitManager` of a real node. */
import * as z from 'zod';
import type { KubeletState, KubeletUnit, UnitManager } from './kubelet-unit.ts';
import { SystemBus } from './system-bus.ts';

const UNIT = 'kubelet.service';
/** systemd loads the unit when this path is queried, so that no LoadUnit call is needed. */
const UNIT_PATH = '/org/freedesktop/systemd1/unit/kubelet_2eservice';
const SYSTEMD = 'org.freedesktop.systemd1';

const microseconds = z.bigint().transform((us) => Number(us) / 1000);

const stateSchema = z.object({
  ActiveState: z.string(),
  SubState: z.string(),
  Job: z.tuple([z.number(), z.string()]).transform(([id]) => id !== 0),
  MainPID: z.number(),
  NRestarts: z.number(),
  ExecMainStartTimestamp: microseconds,
  Result: z.string(),
  ExecMainCode: z.number(),
  ExecMainStatus: z.number(),
});
const STATE_PROPERTIES = [
  ['Unit', 'ActiveState'],
  ['Unit', 'SubState'],
  ['Unit', 'Job'],
  ['Service', 'MainPID'],
  ['Service', 'NRestarts'],
  ['Service', 'ExecMainStartTimestamp'],
  ['Service', 'Result'],
  ['Service', 'ExecMainCode'],
  ['Service', 'ExecMainStatus'],
] as const;

const unitSchema = stateSchema.extend({
  LoadState: z.string(),
  NeedDaemonReload: z.boolean(),
  FragmentPath: z.string(),
  DropInPaths: z.array(z.string()),
  ExecStart: z
    .array(z.tuple([z.string(), z.array(z.string())]).rest(z.unknown()))
    .transform((commands) => commands.map(([, argv]) => argv)),
  ExecMainStartTimestampMonotonic: microseconds,
  Environment: z.array(z.string()),
  EnvironmentFiles: z
    .array(z.tuple([z.string(), z.boolean()]))
    .transform((files) => files.map(([path]) => path)),
});

export class SystemdKubelet implements UnitManager {
  readonly #socketPath: string;
  #bus: Promise<SystemBus> | undefined;
  #isLost = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  readonly describe = async (): Promise<KubeletUnit> => {
    const [unit, service] = await Promise.all([this.#properties('Unit'), this.#properties('Service')]);
    const seen = unitSchema.parse({ ...service, ...unit });
    return {
      ...toState(seen),
      // The same clock as systemd's; a pod has no time namespace of its own.
      steadyStartMs:
        Date.now() - (Number(process.hrtime.bigint() / 1000n) / 1000 - seen.ExecMainStartTimestampMonotonic),
      loadState: seen.LoadState,
      needDaemonReload: seen.NeedDaemonReload,
      execStart: seen.ExecStart,
      environment: seen.Environment,
      environmentFiles: seen.EnvironmentFiles,
      fragmentPath: seen.FragmentPath,
      dropInPaths: seen.DropInPaths,
    };
  };

  readonly state = async (): Promise<KubeletState> => {
    // Not GetAll, which makes systemd read a dozen cgroup files each time: this is polled every 50 ms.
    const values = await Promise.all(
      STATE_PROPERTIES.map(async ([face, name]) => {
        const [value] = await this.#call(UNIT_PATH, 'org.freedesktop.DBus.Properties', 'Get', [
          `${SYSTEMD}.${face}`,
          name,
        ]);
        return [name, value] as const;
      }),
    );
    return toState(stateSchema.parse(Object.fromEntries(values)));
  };

  readonly restart = async (): Promise<void> => {
    await this.#manager('RestartUnit', [UNIT, 'replace']);
  };

  readonly resetFailed = async (): Promise<void> => {
    await this.#manager('ResetFailedUnit', [UNIT]);
  };

  readonly close = (): void => {
    this.#bus?.then(
      (bus) => bus.close(),
      () => undefined,
    );
    this.#bus = undefined;
  };

  async #properties(face: 'Unit' | 'Service'): Promise<Record<string, unknown>> {
    const [all] = await this.#call(UNIT_PATH, 'org.freedesktop.DBus.Properties', 'GetAll', [
      `${SYSTEMD}.${face}`,
    ]);
    return Object.fromEntries(all as [string, unknown][]);
  }

  async #manager(member: string, args: readonly string[]): Promise<void> {
    await this.#call('/org/freedesktop/systemd1', `${SYSTEMD}.Manager`, member, args);
  }

  async #call(path: string, face: string, member: string, args: readonly string[]) {
    const bus = await this.#connection();
    try {
      return await bus.call({ destination: SYSTEMD, path, interface: face, member, args });
    } finally {
      if (bus.isClosed) this.#isLost = true;
    }
  }

  /** Reconnects after the connection was lost, because a restart must be watched to its end. */
  #connection(): Promise<SystemBus> {
    if (this.#bus === undefined || this.#isLost) {
      this.#isLost = false;
      // Assigned before anything is awaited: concurrent calls must not open two connections.
      this.#bus = SystemBus.connect(this.#socketPath);
      this.#bus.catch(() => {
        this.#isLost = true;
      });
    }
    return this.#bus;
  }
}

function toState(seen: z.infer<typeof stateSchema>): KubeletState {
  return {
    activeState: seen.ActiveState,
    subState: seen.SubState,
    mainPid: seen.MainPID,
    startedAtMs: seen.ExecMainStartTimestamp,
    autoRestarts: seen.NRestarts,
    jobPending: seen.Job,
    lastExit: { result: seen.Result, code: seen.ExecMainCode, status: seen.ExecMainStatus },
  };
}
