/** Writes the new bytes of a change that is journaled first, and carries it to its end: of a repair, and of a rollback. */
import { Refused } from '../../api/refused.ts';
import { errorText } from '../error-text.ts';
import type { SafeFile } from '../files/host-tree.ts';
import type { SafeDirectory } from '../files/safe-directory.ts';
import { MAX_IN_PLACE_BYTES } from '../files/write-in-place.ts';
import type { Journal } from './journal.ts';
import { JournaledFile } from './journaled-file.ts';
import { settle } from './settle.ts';
import type { SettleContext, Settled } from './settled.ts';

interface NewBytes {
  readonly path: string;
  readonly directory: SafeDirectory;
  /** As it was read, in that directory. */
  readonly file: SafeFile;
  readonly bytes: Buffer;
}

interface PlannedWrite extends NewBytes {
  /** Whether the kubelet is restarted with the new bytes. */
  readonly restart: boolean;
  /** Saves the copies that an undo needs, and returns the journal that names them. */
  readonly prepare: () => Journal;
}

export async function writeChange(change: PlannedWrite, context: SettleContext): Promise<Settled> {
  const { path, directory, file, bytes } = change;
  if (change.restart) await untilGuarded(context);
  context.stop.throwIfAborted();
  let journal: Journal | undefined;
  try {
    journal = change.prepare();
    context.journals.save(journal);
    const { name } = journal.file;
    if (directory.isForeign) directory.writeInPlace(name, bytes, file);
    else directory.replace(name, bytes, file.stats);
  } catch (error) {
    return recover(error, journal, path, context);
  }
  context.log('written', { path, sha256: journal.change.sha256After, inPlace: journal.inPlace });
  return settle(journal, context);
}

/** @throws Refused where a write would change more than this file, or could not be made safely */
export function refuseUnsafe({ path, directory, file, bytes }: NewBytes, trustedUid: number): void {
  const { nlink, uid } = file.stats;
  if (nlink > 1)
    throw new Refused(
      'UnsafePath',
      `The file ${path} has ${nlink} hard links; only one of them would change.`,
    );
  if (!directory.isForeign) return;
  if (uid !== trustedUid)
    throw new Refused('UnsafePath', `Neither the file ${path} nor its directory is owned by root.`);
  if (Math.max(file.bytes.length, bytes.length) > MAX_IN_PLACE_BYTES)
    throw new Refused('UnsafePath', `The file ${path} is too large to be written in place.`);
}

/**
 * A guard that is still starting is waited for: a restart of the kubelet would end the start of its container, and then
 * this run would have to watch by itself before it could report.
 */
const GUARD_START_MS = 3_000;
const POLL_MS = 20;

async function untilGuarded({ clock, expectsGuard, isGuarded, stop, log }: SettleContext): Promise<void> {
  if (!expectsGuard) return;
  const beganMs = clock.now();
  while (!isGuarded() && !stop.aborted) {
    if (clock.now() - beganMs > GUARD_START_MS) return log('no guard yet');
    await clock.sleep(POLL_MS);
  }
}

/** After a failed write. @throws Refused where the old bytes are all there. */
async function recover(
  error: unknown,
  journal: Journal | undefined,
  path: string,
  context: SettleContext,
): Promise<Settled> {
  if (journal === undefined) throw refusalFor(error, path);
  const file = new JournaledFile(journal, context);
  // Perhaps the rename happened and only its fsync failed: then this is a change, not a refusal.
  if (file.holds() === 'new') return settle(journal, context);
  // Half-written, on a disk that is full or fails. What cannot be restored now is left for the next run to settle.
  if (journal.inPlace && !(error instanceof Refused) && file.restore().kind !== 'restored') throw error;
  context.journals.tryAbandon(journal);
  throw refusalFor(error, path);
}

function refusalFor(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const message = `The file ${path} could not be changed: ${errorText(error)}.`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Refused('NoSpace', message, { cause: error });
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || code === 'EBUSY')
    return new Refused('NotWritable', message, { cause: error });
  return error;
}
