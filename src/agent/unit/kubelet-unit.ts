/** What the agent knows of kubelet.service, and the little it may ask of systemd. `systemd-kubelet.ts` is the real one. */

/** What changes while a kubelet is restarted; read often, so it is small. */
export interface KubeletState {
  readonly activeState: string;
  readonly subState: string;
  readonly mainPid: number;
  /** When the main process was started, by the node's clock. */
  readonly startedAtMs: number;
  /** How often systemd has restarted it by itself since it was last started by hand. */
  readonly autoRestarts: number;
  /** systemd has a start, stop or restart of it in its queue. */
  readonly jobPending: boolean;
}

export interface KubeletUnit extends KubeletState {
  readonly loadState: string;
  readonly needDaemonReload: boolean;
  /** The command lines of ExecStart; specifiers are expanded, variables are not. */
  readonly execStart: readonly (readonly string[])[];
  /** `NAME=value` as in Environment=. */
  readonly environment: readonly string[];
  readonly environmentFiles: readonly string[];
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
}

export interface UnitManager {
  readonly describe: () => Promise<KubeletUnit>;
  readonly state: () => Promise<KubeletState>;
  /** Queues one restart and returns when systemd has accepted it, not when it is done. */
  readonly restart: () => Promise<void>;
  /** Forgets a start limit that was hit, which would refuse the restart with the old bytes. */
  readonly resetFailed: () => Promise<void>;
  readonly close: () => void;
}
