/** Restores the old bytes of a journaled change, and restarts the kubelet with them where it has read the new ones. */
import { assertNever } from '../../api/assert-never.ts';
import { errorText } from '../error-text.ts';
import type { Journal } from './journal.ts';
import type { JournaledFile, Restored } from './journaled-file.ts';
import { isActive, restartKubelet } from './restart.ts';
import { end, foreign, type SettleContext, type Settled } from './settled.ts';
import { wordingOf } from './wording.ts';

export async function undo(from: Journal, file: JournaledFile, context: SettleContext): Promise<Settled> {
  let journal = from;
  const problem =
    journal.problem ??
    (journal.restart === false ? 'The file was not written as a whole.' : 'The new kubelet did not come up.');
  if (journal.step === 'undoing') {
    const restored = file.restore();
    if (restored.kind !== 'restored') return notRestored(journal, restored, problem, context);
    if (journal.restart === false) return restoredOnly(journal, problem, context);
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
    case 'kept':
    case 'serving': {
      const pid = restarted.watched.process?.pid ?? 0;
      return end(
        { ...journal, pidAfter: pid, outcome: 'rolled-back' },
        'KubeletDidNotComeUp',
        `${problem} ${wordingOf(journal).restored}, and the kubelet runs with it as process ${pid}.`,
        { nodeUnchanged: true, active: true },
        context,
      );
    }
    case 'down':
    case 'stopped':
    case 'unsettled':
      return end(
        { ...journal, outcome: 'failed' },
        'KubeletDown',
        `${problem} ${wordingOf(journal).restored}, but the kubelet does not run with it either. ${restarted.why}`,
        { nodeUnchanged: true, active: await isActive(context) },
        context,
      );
    case 'not-restarted':
      // The journal stays unfinished, so that the next run requests the restart again: the kubelet may be down.
      return {
        outcome: 'failed',
        reason: 'KubeletDown',
        message: `${problem} ${wordingOf(journal).restored}, but the kubelet could not be restarted with it: ${errorText(restarted.error)}.`,
        journal,
        nodeUnchanged: true,
        active: await isActive(context),
      };
    default:
      return assertNever(restarted);
  }
}

/** Of a change of the file alone: the kubelet was not restarted for it, and is not for the undo either. */
async function restoredOnly(journal: Journal, problem: string, context: SettleContext): Promise<Settled> {
  return end(
    { ...journal, pidAfter: journal.pidBefore, outcome: 'rolled-back' },
    'FileRestored',
    `${problem} ${wordingOf(journal).restored}. The kubelet was not restarted, and reads it when it is started next.`,
    { nodeUnchanged: true, active: await isActive(context) },
    context,
  );
}

/** The kubelet still runs with what it read before the change: restore the file and leave the kubelet alone. */
export async function undoBeforeRestart(
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
    `${problem} ${wordingOf(journal).restored}.`,
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
    message: `${problem} ${wordingOf(journal).notRestored}: ${restored.why}.`,
    journal,
    nodeUnchanged: false,
    active: await isActive(context),
  };
}
