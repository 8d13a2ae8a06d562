/** Restarts the kubelet with the bytes that a journaled change has put in place, once, and watches it come up. */
import type { KubeletState, UnitManager } from '../unit/kubelet-unit.ts';
import { beginWatch, type Watched } from '../unit/watch.ts';
import { type WatchContext, type Watching, watchKubelet } from '../unit/watch-kubelet.ts';
import type { Journal } from './journal.ts';

export interface RestartContext extends WatchContext {
  readonly unit: UnitManager;
}

/** An old configuration is known to work: a kubelet that still serves then has come back. */
const UNDO_WINDOW_MS = 2_000;

type Restarted = Watching | { readonly kind: 'not-restarted'; readonly error: unknown };

export async function restartKubelet(journal: Journal, context: RestartContext): Promise<Restarted> {
  const { unit, clock, log } = context;
  const before = await stateOrUnknown(context);
  const isUndo = journal.step === 'undo-restarting';
  if (!wasRestarted(journal, before)) {
    try {
      if (isUndo) await resetStartLimit(context);
      await unit.restart();
      log('kubelet restart requested', { restarts: journal.restarts });
    } catch (error) {
      // The reply may be lost while systemd restarts: only a kubelet that is still the old one was not restarted.
      const after = await stateOrUnknown(context);
      const isSame = after !== undefined && after.mainPid === before?.mainPid && !after.jobPending;
      if (isSame && (isUndo || after.activeState === 'active')) return { kind: 'not-restarted', error };
    }
  }
  return watch(beginWatch(clock.now()), journal, isUndo ? 'kept' : 'serving', context);
}

/** Watches the kubelet that was restarted for the step that the journal names. */
export async function watch(
  watched: Watched,
  journal: Journal,
  until: 'serving' | 'kept',
  context: RestartContext,
): Promise<Watching> {
  const isUndo = journal.step === 'undo-restarting';
  const task = {
    startedAfterMs: journal.bytesSinceMs,
    notPid: replacedPid(journal),
    mustServe: journal.mustServe,
    until,
    ...(isUndo && journal.mustServe ? { windowMs: UNDO_WINDOW_MS } : {}),
  };
  return watchKubelet(watched, task, context);
}

export async function isActive({ unit }: Pick<RestartContext, 'unit'>): Promise<boolean> {
  return unit.state().then(
    ({ activeState, mainPid }) => activeState === 'active' && mainPid > 0,
    () => false,
  );
}

/** Whether a kubelet was started since the bytes are in place: that one has read them. */
function wasRestarted(journal: Journal, state: KubeletState | undefined): boolean {
  if (state === undefined) return false;
  // The process number as well: if the clock was set back, the old kubelet looks younger than the file.
  const startedSince = state.mainPid !== replacedPid(journal) && state.startedAtMs >= journal.bytesSinceMs;
  // An undo does not wait for systemd's own next attempt, ten seconds later: only a running kubelet counts.
  return journal.step === 'undo-restarting'
    ? startedSince && state.activeState === 'active'
    : startedSince || state.jobPending;
}

const replacedPid = ({ step, pidBefore, pidAfter }: Journal): number =>
  step === 'undo-restarting' ? pidAfter : pidBefore;

/** An unreachable bus says nothing about the kubelet. */
async function stateOrUnknown({ unit, log }: RestartContext): Promise<KubeletState | undefined> {
  try {
    return await unit.state();
  } catch (error) {
    log('kubelet.service state unknown', { error: String(error) });
    return undefined;
  }
}

/** The restart may still work without it; if not, the restart's own error is reported. */
async function resetStartLimit({ unit, log }: RestartContext): Promise<void> {
  try {
    await unit.resetFailed();
  } catch (error) {
    log('start limit of kubelet.service not reset', { error: String(error) });
  }
}
