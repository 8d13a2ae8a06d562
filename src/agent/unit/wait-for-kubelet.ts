/** Waits until the kubelet that was started after a moment has proven itself, or has failed to. */
import type { Clock } from '../clock.ts';
import type { KubeletState, UnitManager } from './kubelet-unit.ts';

/**
 * From its first answer until it must answer again, the same process all the while. A kubelet with a configuration
 * that it cannot read is gone within 0.3 s and never answers; what ends one later (its container manager, the
 * runtime) shows as it begins to serve. Not longer, because the node is in quarantine meanwhile and the proof pod,
 * which comes next, only gets a sandbox from a kubelet that works.
 */
export const STABLE_MS = 2_000;
/** Where nobody can ask it, to stay up is all that it can show: as long as two rounds of systemd's RestartSec take. */
export const UNASKED_STABLE_MS = 20_000;
/** So that with the undoing after it old bytes are back, and a kubelet serves with them, within 30 s. */
const DEADLINE_MS = 20_000;
const UNASKED_DEADLINE_MS = 30_000;
/** After SIGTERM the rest of the grace period belongs to the undoing. */
const DEADLINE_WHEN_STOPPED_MS = 10_000;
const POLL_MS = 50;

interface WaitOptions {
  readonly unit: Pick<UnitManager, 'state'>;
  readonly clock: Clock;
  /** Only a process started at or after this moment counts. */
  readonly startedAfterMs: number;
  /** The process that was there before; 0 where there was none. */
  readonly notPid: number;
  /** Asks the kubelet's port; undefined where it did not answer before either, so that it need not now. */
  readonly kubeletServes: (() => Promise<boolean>) | undefined;
  /** The agent itself was told to stop. */
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
    // A bus that is away for a moment says nothing about the kubelet; one that stays away ends at the deadline.
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
    const patienceMs = kubeletServes ? DEADLINE_MS : UNASKED_DEADLINE_MS;
    const deadlineMs = stop.aborted ? DEADLINE_WHEN_STOPPED_MS : patienceMs;
    // One that serves already is not cut off for having begun late.
    const graceMs = servingAtMs === undefined ? 0 : 2 * STABLE_MS;
    if (clock.now() - beganMs >= deadlineMs + graceMs) {
      const why = candidate ? 'it runs but does not answer on its port' : 'it was not started';
      return { kind: 'down', why: `${why} within ${deadlineMs / 1000} s`, pid: candidate?.pid ?? 0 };
    }
    await clock.sleep(POLL_MS);
  }
}

/** An agent that is told to stop takes the shorter one for a kubelet that it cannot ask: better than to undo what runs. */
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
  return `the new process ${candidate.pid} ended (${state.activeState}/${state.subState})`;
}

/** Between the stop and the start of one restart the unit is dead or even failed, with its job still queued: no verdict. */
function neverStarted(state: KubeletState): string | undefined {
  if (state.jobPending || (state.activeState !== 'failed' && state.subState !== 'auto-restart'))
    return undefined;
  return `the new process ended at once, or was not even started (${state.activeState}/${state.subState})`;
}
