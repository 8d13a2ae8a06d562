/**
 * What the states of kubelet.service say about a kubelet that was restarted: a pure state machine.
 *
 * | seen                                              | meaning                                                      |
 * | ------------------------------------------------- | ------------------------------------------------------------ |
 * | another process, NRestarts did not increase       | someone else restarted it: the new process is watched         |
 * | the process ended by a signal from outside, once  | not a verdict: systemd's next start of it is watched          |
 * | it crashed before it served, after such a restart | not a verdict, once: its runtime may be restarting as well;   |
 * |                                                   | also if it was never seen running, only that it had started   |
 * | it ended a second time, or crashed                | down                                                         |
 * | the unit has failed, or no process in time        | down                                                         |
 * | the unit is stopped, with success and without job | stopped: someone did that, and the change is not the cause    |
 * | a process that does not serve                     | slow: waited for, then down                                  |
 * | a process that has served for the whole window    | kept                                                         |
 *
 * systemd counts in NRestarts only its own restarts, and starts again at 0 after a manual one. ActiveState, SubState,
 * Result and ExecMainCode are those of systemd.service(5) and org.freedesktop.systemd1(5).
 */
import * as z from 'zod';
import type { KubeletState, LastExit } from './kubelet-unit.ts';

/** A kubelet that answers its port must have served for this long before a change counts as kept. */
export const GUARD_MS = 10_000;
/** Without a port to ask, staying up is the only evidence: two rounds of the usual RestartSec. */
export const UNASKED_GUARD_MS = 20_000;
/** A kubelet that cannot read its configuration exits within 0.3 s. Without a port, one that lives longer has started. */
export const UNASKED_START_MS = 2_000;
/** From the start of a process until it must serve: a big node under load takes half a minute. */
export const SLOW_MS = 60_000;
/** How long there may be no process, so that the old configuration is back and a kubelet serves within 30 s. */
export const START_MS = 20_000;
/** After this a kubelet that serves is kept without a further window: someone keeps restarting it. */
export const LIMIT_MS = 90_000;
/** After this the watch ends without a verdict. */
export const HARD_LIMIT_MS = 150_000;
/** After SIGTERM the rest of the grace period is for the undo. */
export const HURRY_MS = 10_000;

/** What is known of the kubelet under watch. Plain data, because it is journaled for the hand-over. Times in epoch ms. */
export const watchedSchema = z.object({
  beganMs: z.number(),
  /** The process that was last seen running; none while systemd's next start of one is awaited. */
  process: z.object({ pid: z.int(), seenMs: z.number() }).optional(),
  /** NRestarts of the next process, unless the kubelet dies once more before. */
  autoRestarts: z.int().optional(),
  servingSinceMs: z.number().optional(),
  /** Since when it no longer serves. */
  muteSinceMs: z.number().optional(),
  /** Since when there is no process. */
  goneSinceMs: z.number().optional(),
  /** How often it ended without a verdict: by a signal from outside, or before it served again. */
  deaths: z.int(),
  /** How often someone else restarted it. */
  restartedByOthers: z.int(),
});
export type Watched = Readonly<z.infer<typeof watchedSchema>>;

export interface WatchRules {
  /** Only a process started at or after this time counts. */
  readonly startedAfterMs: number;
  /** The process before the restart; 0 if there was none. */
  readonly notPid: number;
  /** Whether its port can be asked. */
  readonly asks: boolean;
  /** For how long it must have served. */
  readonly windowMs: number;
  /** The agent itself is being stopped. */
  readonly hurries: boolean;
}

export type Verdict = { readonly kind: 'kept' } | Bad;

interface Bad {
  /**
   * - `down`: the kubelet does not run with what it was restarted for
   * - `stopped`: someone stopped kubelet.service
   * - `unsettled`: no end within the limit, because something else restarted it again and again
   */
  readonly kind: 'down' | 'stopped' | 'unsettled';
  readonly why: string;
}

export type Step = { readonly kind: 'watch'; readonly watched: Watched } | Verdict;

export const beginWatch = (nowMs: number): Watched => ({ beganMs: nowMs, deaths: 0, restartedByOthers: 0 });

/** After a look at the unit. */
export function afterLook(watched: Watched, state: KubeletState, rules: WatchRules, nowMs: number): Step {
  if (isRunning(state, rules)) return withProcess(watched, state, nowMs);
  return withoutProcess(watched, state, rules, nowMs);
}

/** After a look that failed: an unreachable bus says nothing about the kubelet, whose port is asked all the same. */
export function afterNoLook(watched: Watched, rules: WatchRules, nowMs: number): Step {
  if (watched.process !== undefined && watched.goneSinceMs === undefined)
    return unlessTooLong(watched, nowMs);
  const goneSinceMs = watched.goneSinceMs ?? nowMs;
  return nowMs - goneSinceMs < allowedGoneMs(rules)
    ? { kind: 'watch', watched: { ...watched, goneSinceMs } }
    : down(`systemd could not be asked about the kubelet for ${allowedGoneMs(rules) / 1000} s.`);
}

/** Whether the port is to be asked now. */
export function wantsAnswer({ process, goneSinceMs, ...watched }: Watched, rules: WatchRules, nowMs: number) {
  if (process === undefined || goneSinceMs !== undefined) return false;
  return watched.servingSinceMs === undefined || leftMs(watched, rules, nowMs) <= 0;
}

/** After the port was asked. */
export function afterAnswer(watched: Watched, serves: boolean, rules: WatchRules, nowMs: number): Step {
  const { servingSinceMs, process } = watched;
  if (serves) {
    if (servingSinceMs !== undefined && leftMs(watched, rules, nowMs) <= 0) return { kind: 'kept' };
    const { muteSinceMs: _, ...rest } = watched;
    return { kind: 'watch', watched: { ...rest, servingSinceMs: servingSinceMs ?? nowMs } };
  }
  const { servingSinceMs: _, ...rest } = watched;
  const muteSinceMs =
    watched.muteSinceMs ?? (servingSinceMs === undefined ? (process?.seenMs ?? nowMs) : nowMs);
  const allowedMs = rules.hurries ? HURRY_MS : SLOW_MS;
  if (nowMs - muteSinceMs >= allowedMs)
    return down(`The kubelet runs but does not answer on its port within ${allowedMs / 1000} s.`);
  return unlessTooLong({ ...rest, muteSinceMs }, nowMs);
}

/** How long a kubelet that serves must still be watched. */
export function leftMs(
  { servingSinceMs, beganMs }: Pick<Watched, 'servingSinceMs' | 'beganMs'>,
  { windowMs }: Pick<WatchRules, 'windowMs'>,
  nowMs: number,
): number {
  if (nowMs - beganMs >= LIMIT_MS) return 0;
  return (servingSinceMs ?? nowMs) + windowMs - nowMs;
}

/** With Type=notify a process runs before its unit is active. */
function isRunning(state: KubeletState, { startedAfterMs, notPid }: WatchRules): boolean {
  const { activeState, mainPid, startedAtMs } = state;
  return (
    (activeState === 'active' || activeState === 'activating') &&
    mainPid > 0 &&
    mainPid !== notPid &&
    startedAtMs >= startedAfterMs
  );
}

function withProcess(watched: Watched, state: KubeletState, nowMs: number): Step {
  const { process, autoRestarts, goneSinceMs: _, ...rest } = watched;
  const { mainPid: pid, autoRestarts: now } = state;
  if (process?.pid === pid) return { kind: 'watch', watched: { ...rest, process, autoRestarts: now } };
  const missed = autoRestarts === undefined ? 0 : Math.max(0, now - autoRestarts);
  const deaths = watched.deaths + missed;
  if (deaths > 1) return diedAgain(process?.pid ?? pid, state);
  const fresh: Watched = {
    beganMs: rest.beganMs,
    process: { pid, seenMs: nowMs },
    autoRestarts: now,
    deaths,
    restartedByOthers: rest.restartedByOthers + (process === undefined || missed > 0 ? 0 : 1),
  };
  return unlessTooLong(fresh, nowMs);
}

function withoutProcess(before: Watched, state: KubeletState, rules: WatchRules, nowMs: number): Step {
  const watched = afterUnseenRestart(before, state);
  const { servingSinceMs: _s, muteSinceMs: _m, ...rest } = watched;
  const next: Watched = { ...rest, goneSinceMs: watched.goneSinceMs ?? nowMs };
  if (!state.jobPending) {
    if (state.activeState === 'failed') return failed(watched, state);
    const counted = watched.autoRestarts;
    // Not counted yet: NRestarts increases only when the next process is started.
    if (state.subState === 'auto-restart' && (counted === undefined || counted <= state.autoRestarts)) {
      const died = death(watched, state, rules);
      if (died !== undefined) return died;
      const { process: _, ...awaited } = next;
      const deaths = watched.deaths + 1;
      return { kind: 'watch', watched: { ...awaited, deaths, autoRestarts: state.autoRestarts + 1 } };
    }
  }
  const allowedMs = allowedGoneMs(rules);
  if (nowMs - (next.goneSinceMs ?? nowMs) < allowedMs) return unlessTooLong(next, nowMs);
  return isStopped(state)
    ? {
        kind: 'stopped',
        why: `Someone stopped kubelet.service, and it was not started again within ${allowedMs / 1000} s.`,
      }
    : down(`The kubelet was not started within ${allowedMs / 1000} s (${shown(state)}).`);
}

/**
 * Someone else restarted the kubelet, and the new process ended before it was ever seen: the exit is that of a process
 * which started later than the one under watch was seen, and systemd does not count the restart as its own.
 */
function afterUnseenRestart(watched: Watched, { startedAtMs, autoRestarts: now }: KubeletState): Watched {
  const { process, autoRestarts = now, servingSinceMs: _, ...rest } = watched;
  if (process === undefined || startedAtMs <= process.seenMs || now > autoRestarts) return watched;
  return {
    ...rest,
    process: { pid: process.pid, seenMs: startedAtMs },
    autoRestarts: now,
    restartedByOthers: rest.restartedByOthers + 1,
  };
}

/** The verdict on a process that systemd is about to start again; undefined where there is none yet. */
function death(watched: Watched, state: KubeletState, rules: WatchRules): Verdict | undefined {
  const { process } = watched;
  // No new process: what the unit says of the last exit is about the old one, which the restart itself ended.
  if (process === undefined && state.startedAtMs < rules.startedAfterMs) return neverStarted(state);
  if (watched.deaths > 0) return diedAgain(process?.pid, state);
  if (isFromOutside(state.lastExit)) return undefined;
  // A kubelet whose runtime is away exits with code 1. The process before it has served with the same configuration.
  if (process !== undefined && watched.restartedByOthers > 0 && watched.servingSinceMs === undefined)
    return undefined;
  return process === undefined ? neverStarted(state) : crashed(process.pid, state);
}

/** systemd does not start it again: the start limit is hit, or Restart= does not say so. */
function failed({ process }: Watched, state: KubeletState): Verdict {
  return process === undefined ? neverStarted(state) : crashed(process.pid, state);
}

const CLD_KILLED = 2;
/** HUP, INT, QUIT, KILL, TERM: what people and programs send. The kubelet's own crashes are ABRT, SEGV or exit codes. */
const SENT_SIGNALS: readonly number[] = [1, 2, 3, 9, 15];

/** A kubelet that gets TERM ends with exit code 0. `code` is 0 where the next process runs already: nothing is known. */
function isFromOutside({ result, code, status }: LastExit): boolean {
  if (result === 'success' || result === 'oom-kill' || code === 0) return true;
  return result === 'signal' && code === CLD_KILLED && SENT_SIGNALS.includes(status);
}

const isStopped = ({ activeState, jobPending, lastExit }: KubeletState): boolean =>
  activeState === 'inactive' && !jobPending && lastExit.result === 'success';

function unlessTooLong(watched: Watched, nowMs: number): Step {
  if (nowMs - watched.beganMs < HARD_LIMIT_MS) return { kind: 'watch', watched };
  const { restartedByOthers, deaths } = watched;
  return {
    kind: 'unsettled',
    why: `The kubelet did not serve for long enough within ${HARD_LIMIT_MS / 1000} s: something else restarted it ${restartedByOthers} times, and ${deaths} times it was killed.`,
  };
}

const allowedGoneMs = ({ hurries }: WatchRules): number => (hurries ? HURRY_MS : START_MS);
const down = (why: string): Verdict => ({ kind: 'down', why });
const shown = ({ activeState, subState }: KubeletState): string => `${activeState}/${subState}`;
const neverStarted = (state: KubeletState): Verdict =>
  down(`The new kubelet process ended at once or was not started (${shown(state)}).`);
const crashed = (pid: number, state: KubeletState): Verdict =>
  down(`The new kubelet process ${pid} ended (${shown(state)}, ${exitOf(state.lastExit)}).`);
const diedAgain = (pid: number | undefined, state: KubeletState): Verdict =>
  down(
    `The new kubelet process${pid === undefined ? '' : ` ${pid}`} ended for the second time (${shown(state)}, ${exitOf(state.lastExit)}).`,
  );

function exitOf({ result, code, status }: LastExit): string {
  if (code === 0) return result;
  return code === 1 ? `exit code ${status}` : `signal ${status}`;
}
