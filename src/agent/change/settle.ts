/**
 * Carries a journaled change to its end, from the step that the journal names: a fresh run enters right after the
 * backup, a later one where the killed run stopped. Each step is journaled before it is taken.
 */
import { assertNever } from '../../api/assert-never.ts';
import { errorText } from '../error-text.ts';
import type { Journal } from './journal.ts';
import { type FileContext, JournaledFile, type Restored } from './journaled-file.ts';
import { isActive, type RestartContext, restartKubelet } from './restart.ts';

export interface SettleContext extends FileContext, RestartContext {}

export interface Settled {
  readonly outcome: 'repaired' | 'rolled-back' | 'failed';
  readonly reason: string;
  readonly message: string;
  readonly journal: Journal;
  readonly nodeUnchanged: boolean;
  readonly active: boolean;
}

/** The file must hold the new bytes, or what a run that was killed between two steps has left. */
export async function settle(journal: Journal, context: SettleContext): Promise<Settled> {
  const file = new JournaledFile(journal, context);
  return journal.step === 'writing' || journal.step === 'restarting'
    ? finishChange(journal, file, context)
    : undo(journal, file, context);
}

async function finishChange(from: Journal, file: JournaledFile, context: SettleContext): Promise<Settled> {
  let journal = from;
  const { holds, changedAtMs } = file.state();
  if (holds === 'foreign') return foreign(journal, context);
  // An earlier run was killed during its undo: continue that.
  if (holds !== 'new') return undo({ ...journal, step: 'undoing' }, file, context);
  if (journal.step === 'writing') {
    journal = { ...journal, step: 'restarting', restarts: 1, bytesSinceMs: changedAtMs };
    try {
      context.journals.save(journal);
    } catch (error) {
      return undoBeforeRestart(journal, file, error, context);
    }
  }
  const restarted = await restartKubelet(journal, context);
  if (restarted.kind === 'not-restarted') return undoBeforeRestart(journal, file, restarted.error, context);
  journal = { ...journal, pidAfter: restarted.pid };
  if (restarted.kind === 'up') return repaired(journal, restarted.servingAtMs, context);
  context.log('new kubelet did not come up', { why: restarted.why });
  journal = { ...journal, step: 'undoing', problem: restarted.why };
  // With a full disk the undo is still right: a later run finds `restarting` and comes here again.
  context.journals.trySave(journal);
  return undo(journal, file, context);
}

function repaired(from: Journal, servingAtMs: number, context: SettleContext): Settled {
  const journal: Journal = {
    ...from,
    outcome: 'repaired',
    times: { ...from.times, restarted: new Date(servingAtMs).toISOString() },
  };
  // The kubelet runs with the new value, even if the disk is full now.
  context.journals.tryFinish(journal);
  const { change, inPlace, pidAfter } = journal;
  return {
    outcome: 'repaired',
    reason: 'Repaired',
    message: `The value of resolvConf in ${change.path}:${change.line} was changed${inPlace ? ' in place' : ''}; the kubelet was restarted and runs as process ${pidAfter}.`,
    journal,
    nodeUnchanged: false,
    active: true,
  };
}

async function undo(from: Journal, file: JournaledFile, context: SettleContext): Promise<Settled> {
  let journal = from;
  const problem = journal.problem ?? 'The new kubelet did not come up.';
  if (journal.step === 'undoing') {
    const restored = file.restore();
    if (restored.kind !== 'restored') return notRestored(journal, restored, problem, context);
    journal = {
      ...journal,
      step: 'undo-restarting',
      restarts: journal.restarts + 1,
      bytesSinceMs: restored.changedAtMs,
    };
    context.journals.trySave(journal);
  }
  const restarted = await restartKubelet(journal, context);
  switch (restarted.kind) {
    case 'up': {
      const { pid } = restarted;
      return end(
        { ...journal, pidAfter: pid, outcome: 'rolled-back' },
        journal.onRequest ? 'RolledBack' : 'KubeletDidNotComeUp',
        `${problem} The old configuration was restored, and the kubelet runs with it as process ${pid}.`,
        { nodeUnchanged: true, active: true },
        context,
      );
    }
    case 'down':
      return end(
        { ...journal, outcome: 'failed' },
        'KubeletDown',
        `${problem} The old configuration was restored, but the kubelet does not run with it either. ${restarted.why}`,
        { nodeUnchanged: true, active: await isActive(context) },
        context,
      );
    case 'not-restarted':
      // The journal stays unfinished, so that the next run requests the restart again: the kubelet may be down.
      return {
        outcome: 'failed',
        reason: 'KubeletDown',
        message: `${problem} The old configuration was restored, but the kubelet could not be restarted with it: ${errorText(restarted.error)}.`,
        journal,
        nodeUnchanged: true,
        active: await isActive(context),
      };
    default:
      return assertNever(restarted);
  }
}

/** The kubelet still runs with what it read before the change: restore the file and leave the kubelet alone. */
async function undoBeforeRestart(
  journal: Journal,
  file: JournaledFile,
  error: unknown,
  context: SettleContext,
): Promise<Settled> {
  const problem = `The kubelet could not be restarted: ${errorText(error)}.`;
  const restored = file.restore();
  if (restored.kind !== 'restored') return notRestored(journal, restored, problem, context);
  return end(
    { ...journal, outcome: 'failed' },
    'RestartFailed',
    `${problem} The old configuration was restored.`,
    { nodeUnchanged: true, active: await isActive(context) },
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
  // The journal stays unfinished, so that the next run tries again.
  return {
    outcome: 'failed',
    reason: 'UndoFailed',
    message: `${problem} The old configuration could not be restored: ${restored.why}.`,
    journal,
    nodeUnchanged: false,
    active: await isActive(context),
  };
}

async function foreign(journal: Journal, context: SettleContext): Promise<Settled> {
  return end(
    { ...journal, outcome: 'failed' },
    'ForeignEdit',
    `The file ${journal.change.path} was changed by someone else: it holds neither the old nor the new configuration.`,
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
  context.journals.tryFinish(journal);
  return { outcome: journal.outcome ?? 'failed', reason, message, journal, ...state };
}
