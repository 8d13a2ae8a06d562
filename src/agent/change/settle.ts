/**
 * Carries a journaled change to its end, from whichever step it stands at: a fresh run enters right after the
 * backup, a re-run wherever the killed one stopped. Each step is written down before it is taken.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { KubeletState, UnitManager } from '../unit/kubelet-unit.ts';
import { type WaitResult, waitForKubelet } from '../unit/wait-for-kubelet.ts';
import type { Journal } from './journal.ts';
import { type FileContext, lookAtFile, type Restored, restore } from './journaled-file.ts';

export interface SettleContext extends FileContext {
  readonly unit: UnitManager;
  readonly clock: Clock;
  readonly kubeletServes: () => Promise<boolean>;
  readonly stop: AbortSignal;
  readonly log: Log;
}

export interface Settled {
  readonly outcome: 'repaired' | 'rolled-back' | 'failed';
  readonly reason: string;
  readonly message: string;
  readonly journal: Journal;
  readonly nodeUnchanged: boolean;
  readonly active: boolean;
}

/** The file must hold the new bytes, or a run was killed between two steps and it holds what that left. */
export async function settle(from: Journal, context: SettleContext): Promise<Settled> {
  let journal = from;
  if (journal.step === 'writing' || journal.step === 'restarting') {
    const file = lookAtFile(journal, context);
    if (file.holds === 'foreign') return foreign(journal, context);
    // A run was killed while it undid: go on with that.
    if (file.holds === 'old' || file.holds === 'torn') return undo({ ...journal, step: 'undoing' }, context);
    if (journal.step === 'writing') {
      journal = { ...journal, step: 'restarting', restarts: 1, bytesSinceMs: file.sinceMs };
      try {
        context.journals.save(journal);
      } catch (error) {
        return undoUnstarted(journal, error, context);
      }
    }
    const up = await restartAndWait(journal, context);
    if (up.kind === 'not-restarted') return undoUnstarted(journal, up.error, context);
    journal = { ...journal, pidAfter: up.pid };
    if (up.kind === 'up') return repaired(journal, up.servingAtMs, context);
    journal = { ...journal, step: 'undoing', problem: up.why };
    context.log('new kubelet did not come up', { why: up.why });
    // Best effort: with a full disk the undoing is still right, and a re-run finds `restarting` and comes here again.
    saveQuietly(journal, context);
  }
  return undo(journal, context);
}

type Restarted = WaitResult | { readonly kind: 'not-restarted'; readonly error: unknown };

/** Asks for the restart unless a kubelet was started since the bytes are there: then that one has read them. */
async function restartAndWait(journal: Journal, context: SettleContext): Promise<Restarted> {
  const { unit, clock } = context;
  const before = await stateOrUnknown(context);
  const isUndo = journal.step === 'undo-restarting';
  // The process number as well, because a clock that was set back makes the old kubelet look younger than the file.
  const notPid = isUndo ? journal.pidAfter : journal.pidBefore;
  const startedSince =
    before !== undefined && before.mainPid !== notPid && before.startedAtMs >= journal.bytesSinceMs;
  // An undo does not wait for systemd's own next attempt, ten seconds later: only a kubelet that runs will do.
  const happened = isUndo
    ? startedSince && before.activeState === 'active'
    : startedSince || before?.jobPending === true;
  if (!happened) {
    try {
      if (isUndo) await forgetStartLimit(context);
      await unit.restart();
      context.log('kubelet restart asked for', { restarts: journal.restarts });
    } catch (error) {
      // The answer may be lost while systemd restarts; only a kubelet that is still the old one was not restarted.
      const after = await stateOrUnknown(context);
      if (
        after !== undefined &&
        after.mainPid === before?.mainPid &&
        !after.jobPending &&
        (isUndo || after.activeState === 'active')
      )
        return { kind: 'not-restarted', error };
    }
  }
  return waitForKubelet({
    unit,
    clock,
    startedAfterMs: journal.bytesSinceMs,
    notPid,
    kubeletServes: journal.mustServe ? context.kubeletServes : undefined,
    stop: context.stop,
  });
}

/** A bus that is away for a moment says nothing about the kubelet. */
async function stateOrUnknown({ unit, log }: SettleContext): Promise<KubeletState | undefined> {
  try {
    return await unit.state();
  } catch (error) {
    log('kubelet.service could not be asked for its state', { error: String(error) });
    return undefined;
  }
}

/** Without it the restart still may work; where it does not, its own error is what is reported. */
async function forgetStartLimit({ unit, log }: SettleContext): Promise<void> {
  try {
    await unit.resetFailed();
  } catch (error) {
    log('the start limit of kubelet.service could not be reset', { error: String(error) });
  }
}

function repaired(from: Journal, servingAtMs: number, context: SettleContext): Settled {
  const journal: Journal = {
    ...from,
    outcome: 'repaired',
    times: { ...from.times, restarted: new Date(servingAtMs).toISOString() },
  };
  // The kubelet runs with the new value; a disk that is full now does not make that untrue.
  finishQuietly(journal, context);
  return {
    outcome: 'repaired',
    reason: 'Repaired',
    message: `${journal.change.path}:${journal.change.line} changed${journal.inPlace ? ' in place' : ''}, kubelet restarted and up as process ${journal.pidAfter}`,
    journal,
    nodeUnchanged: false,
    active: true,
  };
}

async function undo(from: Journal, context: SettleContext): Promise<Settled> {
  let journal = from;
  if (journal.step === 'undoing') {
    const restored = restore(journal, context);
    if (restored.kind !== 'restored')
      return notRestored(journal, restored, journal.problem ?? 'the new kubelet did not come up', context);
    journal = {
      ...journal,
      step: 'undo-restarting',
      restarts: journal.restarts + 1,
      bytesSinceMs: lookAtFile(journal, context).sinceMs,
    };
    saveQuietly(journal, context);
  }
  const up = await restartAndWait(journal, context);
  const problem = journal.problem ?? 'the new kubelet did not come up';
  if (up.kind === 'up') {
    const message = `${problem}; the old configuration is back and the kubelet runs with it as process ${up.pid}`;
    return end(
      { ...journal, pidAfter: up.pid, outcome: 'rolled-back' },
      journal.onRequest ? 'RolledBack' : 'KubeletDidNotComeUp',
      message,
      { nodeUnchanged: true, active: true },
      context,
    );
  }
  if (up.kind === 'not-restarted') {
    // The journal stays open, so that the next run asks again: the kubelet may be down for want of just that.
    const message = `${problem}; the old configuration is back, but the kubelet could not be restarted with it: ${String(up.error)}`;
    const active = await isActive(context);
    return { outcome: 'failed', reason: 'KubeletDown', message, journal, nodeUnchanged: true, active };
  }
  const message = `${problem}; the old configuration is back, but the kubelet does not run with it either: ${up.why}`;
  return end(
    { ...journal, outcome: 'failed' },
    'KubeletDown',
    message,
    { nodeUnchanged: true, active: await isActive(context) },
    context,
  );
}

/** The kubelet was never restarted and still runs with what it read before: put the bytes back and leave it alone. */
async function undoUnstarted(journal: Journal, error: unknown, context: SettleContext): Promise<Settled> {
  const problem = `the kubelet could not be restarted: ${String(error)}`;
  const restored = restore(journal, context);
  if (restored.kind !== 'restored') return notRestored(journal, restored, problem, context);
  const state = { nodeUnchanged: true, active: await isActive(context) };
  return end(
    { ...journal, outcome: 'failed' },
    'RestartFailed',
    `${problem}; the old configuration is back`,
    state,
    context,
  );
}

async function notRestored(
  journal: Journal,
  restored: Exclude<Restored, { kind: 'restored' }>,
  problem: string,
  context: SettleContext,
): Promise<Settled> {
  if (restored.kind === 'foreign') return foreign(journal, context);
  // The journal stays open, so that the next run tries again.
  return {
    outcome: 'failed',
    reason: 'UndoFailed',
    message: `${problem}; the old configuration could not be brought back: ${restored.why}`,
    journal,
    nodeUnchanged: false,
    active: await isActive(context),
  };
}

async function foreign(journal: Journal, context: SettleContext): Promise<Settled> {
  const message = `${journal.change.path} holds neither the old nor the new configuration: somebody else has written it meanwhile`;
  return end(
    { ...journal, outcome: 'failed' },
    'ForeignEdit',
    message,
    { nodeUnchanged: false, active: await isActive(context) },
    context,
  );
}

function end(
  journal: Journal,
  reason: string,
  message: string,
  state: { readonly nodeUnchanged: boolean; readonly active: boolean },
  context: SettleContext,
): Settled {
  finishQuietly(journal, context);
  return { outcome: journal.outcome ?? 'failed', reason, message, journal, ...state };
}

function finishQuietly(journal: Journal, context: SettleContext): void {
  try {
    context.journals.finish(journal);
  } catch (error) {
    context.log('journal could not be closed', { error: String(error) });
  }
}

function saveQuietly(journal: Journal, context: SettleContext): void {
  try {
    context.journals.save(journal);
  } catch (error) {
    context.log('journal could not be written', { error: String(error) });
  }
}

async function isActive({ unit }: SettleContext): Promise<boolean> {
  return unit.state().then(
    ({ activeState, mainPid }) => activeState === 'active' && mainPid > 0,
    () => false,
  );
}
