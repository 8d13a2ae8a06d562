/** Waits until the kubelet that was started after a given time is up and stable, or has failed. */
import type { Clock } from '../clock.ts';
import type { KubeletState, UnitManager } from './kubelet-unit.ts';

/**
 * From its first response until it must respond again, as the same process. A kubelet that cannot read its
 * configuration exits within 0.3 s and never responds; what fails later (its container manager, the runtime) fails as
 * it begins to serve. Not longer, because the node is in quarantine for that time, and the proof pod, which comes next,
 * only gets a sandbox from a kubelet that works.
 */
export const STABLE_MS = 2_000;
/** Without its port, staying up is the only evidence: as long as two rounds of systemd's RestartSec. */
export const UNASKED_STABLE_MS = 20_000;
/** Leaves time for the undo: within 30 s the old bytes are restored and a kubelet serves with them. */
const DEADLINE_MS = 20_000;
const UNASKED_DEADLINE_MS = 30_000;
/** After SIGTERM the rest of the grace period is for the undo. */
const DEADLINE_WHEN_STOPPED_MS = 10_000;
const POLL_MS = 50;

interface WaitOptions {
  readonly unit: Pick<UnitManager, 'state'>;
  readonly clock: Clock;
  /** Only a process started at or after this time counts. */
  readonly startedAfterMs: number;
  /** The process before the restart; 0 if there was none. */
  readonly notPid: number;
  /** Asks the kubelet's port; undefined if it did not respond before the change either. */
  readonly kubeletServes: (() => Promise<boolean>) | undefined;
  /** Aborted when the agent itself is stopped. */
  readonly stop: AbortSignal;
}

export type WaitResult =
  | { readonly kind: 'up'; readonly pid: number; readonly servingAtMs: number }
  | { readonly kind: 'down'; readonly why: string; readonly pid: number };

interface Candidate {
  readonly pid: number;
  readonly autoRestarts: number;
}

export async function waitForKubelet(options: WaitOptions): Promise<WaitResult> {
  const { unit, clock, kubeletServes, stop } = options;
  const beganMs = clock.now();
  let candidate: Candidate | undefined;
  let servingAtMs: number | undefined;
  for (;;) {
    // An unreachable bus says nothing about the kubelet; if it stays unreachable, the deadline ends the wait.
    const state = await unit.state().catch(() => undefined);
    const nowMs = clock.now();
    if (state !== undefined) {
      const failure = candidate ? lost(candidate, state) : neverStarted(state);
      if (failure !== undefined) return { kind: 'down', why: failure, pid: state.mainPid };
      if (isRunning(state, options)) {
        candidate ??= { pid: state.mainPid, autoRestarts: state.autoRestarts };
        if (servingAtMs === undefined) {
          if (await serves(options)) servingAtMs = clock.now();
        } else if (nowMs - servingAtMs >= stableMs(options)) {
          if (await serves(options)) return { kind: 'up', pid: candidate.pid, servingAtMs };
          servingAtMs = undefined;
        }
      }
    }
    const fullMs = kubeletServes ? DEADLINE_MS : UNASKED_DEADLINE_MS;
    const deadlineMs = stop.aborted ? DEADLINE_WHEN_STOPPED_MS : fullMs;
    // A kubelet that began to serve late still gets its stability window.
    const graceMs = servingAtMs === undefined ? 0 : 2 * STABLE_MS;
    if (clock.now() - beganMs >= deadlineMs + graceMs) {
      const what = candidate ? 'runs but does not answer on its port' : 'was not started';
      return {
        kind: 'down',
        why: `The kubelet ${what} within ${deadlineMs / 1000} s.`,
        pid: candidate?.pid ?? 0,
      };
    }
    await clock.sleep(POLL_MS);
  }
}

/** A stopped agent settles for the short window where it cannot ask the port, rather than undo a kubelet that runs. */
const stableMs = ({ kubeletServes, stop }: WaitOptions): number =>
  kubeletServes || stop.aborted ? STABLE_MS : UNASKED_STABLE_MS;

async function serves({ kubeletServes }: WaitOptions): Promise<boolean> {
  return kubeletServes === undefined || (await kubeletServes());
}

function isRunning(state: KubeletState, { startedAfterMs, notPid }: WaitOptions): boolean {
  const { activeState, mainPid, startedAtMs } = state;
  return activeState === 'active' && mainPid > 0 && mainPid !== notPid && startedAtMs >= startedAfterMs;
}

function lost(candidate: Candidate, state: KubeletState): string | undefined {
  if (state.mainPid === candidate.pid && state.autoRestarts === candidate.autoRestarts) return undefined;
  return `The new kubelet process ${candidate.pid} ended (${state.activeState}/${state.subState}).`;
}

/** Between stop and start of a restart the unit is dead or even failed, with its job still queued: undecided. */
function neverStarted(state: KubeletState): string | undefined {
  if (state.jobPending || (state.activeState !== 'failed' && state.subState !== 'auto-restart'))
    return undefined;
  return `The new kubelet process ended at once or was not started (${state.activeState}/${state.subState}).`;
}
