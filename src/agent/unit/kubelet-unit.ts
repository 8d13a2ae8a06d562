/** What the agent knows of kubelet.service and may ask of systemd; implemented by `systemd-kubelet.ts`. */
import type { KubeletService } from '../../diagnosis/kubelet/kubelet-service.ts';

/** What changes during a restart of the kubelet. Small, because it is polled. */
export interface KubeletState {
  readonly activeState: string;
  readonly subState: string;
  readonly mainPid: number;
  /** When the main process was started, by the node's clock. */
  readonly startedAtMs: number;
  /** How often systemd has restarted it automatically since it was last started manually. */
  readonly autoRestarts: number;
  /** systemd has a start, stop or restart job queued. */
  readonly jobPending: boolean;
  readonly lastExit: LastExit;
}

/** How the last main process ended, in systemd's words (properties of org.freedesktop.systemd1.Service). */
export interface LastExit {
  /** Result: success, exit-code, signal, core-dump, watchdog, start-limit-hit and others; of the last run, not of this one. */
  readonly result: string;
  /** ExecMainCode: CLD_EXITED, CLD_KILLED or CLD_DUMPED of waitid(2); 0 while the process runs. */
  readonly code: number;
  /** ExecMainStatus: the exit code, or the number of the signal. */
  readonly status: number;
}

export interface KubeletUnit extends KubeletState, KubeletService {
  /** When the main process was started, counted back from now by the clock that is never set: see `pending.ts`. */
  readonly steadyStartMs: number;
  readonly loadState: string;
  readonly needDaemonReload: boolean;
}

export interface UnitManager {
  readonly describe: () => Promise<KubeletUnit>;
  readonly state: () => Promise<KubeletState>;
  /** Queues one restart; returns when systemd has accepted it, not when it is done. */
  readonly restart: () => Promise<void>;
  /** Resets a start limit that was hit, which would prevent the restart with the old bytes. */
  readonly resetFailed: () => Promise<void>;
  readonly close: () => void;
}
