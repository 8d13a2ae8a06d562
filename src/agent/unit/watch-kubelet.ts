/** Watches a kubelet that was restarted until it serves, or until it has served for long enough: drives `watch.ts`. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { UnitManager } from './kubelet-unit.ts';
import {
  afterAnswer,
  afterLook,
  afterNoLook,
  GUARD_MS,
  type Step,
  UNASKED_GUARD_MS,
  UNASKED_START_MS,
  type Verdict,
  type Watched,
  type WatchRules,
  wantsAnswer,
} from './watch.ts';

const POLL_MS = 50;
/** While it serves: a death is also seen later, in systemd's count. */
const GUARD_POLL_MS = 100;
/** A start that took longer is logged. */
const SLOW_START_MS = 15_000;

export interface WatchContext {
  readonly unit: Pick<UnitManager, 'state'>;
  readonly clock: Clock;
  /** Whether the kubelet's port responds. */
  readonly kubeletServes: () => Promise<boolean>;
  /** Aborted when the agent itself is stopped. */
  readonly stop: AbortSignal;
  readonly log: Log;
}

export interface WatchTask {
  readonly startedAfterMs: number;
  readonly notPid: number;
  /** Whether it has to answer its port, because the kubelet before it did. */
  readonly mustServe: boolean;
  /** For how long it must have served. @default that of a change */
  readonly windowMs?: number;
  /** `serving`: ends as soon as it serves. `kept`: ends with a verdict. */
  readonly until: 'serving' | 'kept';
}

export type Watching = { readonly kind: 'kept' | 'serving'; readonly watched: Watched } | NotKept;

export interface NotKept {
  readonly kind: Exclude<Verdict['kind'], 'kept'>;
  readonly why: string;
  readonly watched: Watched;
}

export async function watchKubelet(from: Watched, task: WatchTask, context: WatchContext): Promise<Watching> {
  const { unit, clock, log } = context;
  let watched = from;
  for (;;) {
    const state = await unit.state().catch((error: unknown) => {
      log('kubelet.service state unknown', { error: String(error) });
    });
    const rules = rulesOf(task, context);
    const nowMs = clock.now();
    const next = state ? afterLook(watched, state, rules, nowMs) : afterNoLook(watched, rules, nowMs);
    const step = next.kind === 'watch' ? await ask(next.watched, rules, context) : next;
    if (step.kind !== 'watch') return { ...step, watched };
    report(watched, step.watched, log, clock.now());
    watched = step.watched;
    if (task.until === 'serving' && watched.servingSinceMs !== undefined) return { kind: 'serving', watched };
    await clock.sleep(watched.servingSinceMs === undefined ? POLL_MS : GUARD_POLL_MS);
  }
}

function rulesOf(
  { mustServe, startedAfterMs, notPid, windowMs }: WatchTask,
  { stop }: WatchContext,
): WatchRules {
  const hurries = stop.aborted;
  // A stopped agent settles for less where it cannot ask the port, rather than undo a kubelet that runs.
  const unaskedMs = hurries ? UNASKED_START_MS : UNASKED_GUARD_MS;
  return {
    startedAfterMs,
    notPid,
    hurries,
    asks: mustServe,
    windowMs: windowMs ?? (mustServe ? GUARD_MS : unaskedMs),
  };
}

async function ask(
  watched: Watched,
  rules: WatchRules,
  { clock, kubeletServes }: WatchContext,
): Promise<Step> {
  const nowMs = clock.now();
  if (!wantsAnswer(watched, rules, nowMs)) return { kind: 'watch', watched };
  if (rules.asks) return afterAnswer(watched, await kubeletServes(), rules, clock.now());
  const hasStarted = nowMs - (watched.process?.seenMs ?? nowMs) >= UNASKED_START_MS;
  return hasStarted ? afterAnswer(watched, true, rules, nowMs) : { kind: 'watch', watched };
}

function report(before: Watched, after: Watched, log: Log, nowMs: number): void {
  if (after.restartedByOthers > before.restartedByOthers)
    log('kubelet restarted by something else', { pid: after.process?.pid, watchedMs: nowMs - after.beganMs });
  if (after.deaths > before.deaths) log('kubelet ended without a verdict', { deaths: after.deaths });
  if (before.servingSinceMs === undefined && after.servingSinceMs !== undefined)
    log('kubelet serves', { pid: after.process?.pid, afterMs: tookMs(after) });
}

/** From the start of its process until it served. */
const tookMs = ({ process, servingSinceMs }: Watched): number =>
  Math.max(0, (servingSinceMs ?? 0) - (process?.seenMs ?? servingSinceMs ?? 0));

/** What a report should say of the watch beside its end, as sentences that follow another one; empty if it was usual. */
export function remarks(watched: Watched): string {
  const { restartedByOthers, deaths } = watched;
  const said: string[] = [];
  if (watched.servingSinceMs !== undefined && tookMs(watched) > SLOW_START_MS)
    said.push(`It took ${Math.round(tookMs(watched) / 1000)} s to answer on its port.`);
  if (restartedByOthers > 0)
    said.push(`Something else restarted it ${times(restartedByOthers)} while it was watched.`);
  if (deaths > 0) said.push(`It ended ${times(deaths)} for an outside reason, and systemd started it again.`);
  return said.map((sentence) => ` ${sentence}`).join('');
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);
