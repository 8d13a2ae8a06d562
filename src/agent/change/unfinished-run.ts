/** Handles what earlier runs left: resumes a killed one, or reports again the end of one whose report was lost. */
import type { Journal } from './journal.ts';
import { JournaledFile } from './journaled-file.ts';
import { settle } from './settle.ts';
import type { SettleContext, Settled } from './settled.ts';

/**
 * @param requireWritable throws where this run may not write in the directory of the unfinished change
 * @returns what this run has to report, or undefined where it can begin
 */
export async function resumeUnfinished(
  nonce: string,
  requireWritable: (directory: string) => void,
  context: SettleContext,
): Promise<Settled | undefined> {
  const { journals, log } = context;
  const open = journals.unfinished();
  if (open === undefined) return undefined;
  if (open.outcome !== undefined || open.abandoned) {
    // Killed after its end, before the journal was put aside: it is settled once, not a second time.
    journals.finish(open);
    return undefined;
  }
  requireWritable(open.file.directory);
  if (open.step === 'writing' && holdsOldBytes(open, context)) {
    // Killed before the file was whole. Not continued, because what that run knew of the node is out of date.
    journals.abandon(open);
    return undefined;
  }
  log('resuming unfinished run', { step: open.step, remediation: open.remediation });
  const settled = await settle(open, context);
  // The end of another incident's run is not reported as this one's. One that could not be settled stays open, and
  // then nothing else may begin.
  return open.nonce === nonce || journals.unfinished() !== undefined ? settled : undefined;
}

/** @throws where the file was changed after that run */
export function completedEarlier(done: Journal, context: SettleContext): Settled {
  const holds = new JournaledFile(done, context).holds();
  const isChanged = done.outcome === 'repaired' || done.outcome === 'corrected';
  const expected = isChanged ? 'new' : 'old';
  if (done.outcome !== 'failed' && holds !== expected)
    throw new Error(`${done.change.path} was changed by someone else after this run`);
  return {
    outcome: done.outcome ?? 'failed',
    reason: 'EndedEarlier',
    message: 'An earlier run already completed this; nothing was repeated.',
    journal: done,
    nodeUnchanged: !isChanged && holds === 'old',
    active: done.outcome !== 'failed',
  };
}

/** Whether the kubelet's configuration has the bytes from before the unfinished run. If unreadable, it is reported as changed. */
export function isUnchanged(context: SettleContext): boolean {
  try {
    const open = context.journals.unfinished();
    return open === undefined || new JournaledFile(open, context).holds() === 'old';
  } catch (error) {
    context.log('state of the unfinished run unknown', { error: String(error) });
    return false;
  }
}

/** The old bytes are still there, or a torn file was restored. New bytes that are whole are kept. */
function holdsOldBytes(open: Journal, context: SettleContext): boolean {
  const file = new JournaledFile(open, context);
  const holds = file.holds();
  return holds === 'old' || (holds === 'torn' && file.restore().kind === 'restored');
}
