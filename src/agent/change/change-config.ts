/** Changes the one value in the file where it wins: back up, journal, replace as planned, then `settle.ts`. */
import type { GradedFile, RepairRequest } from '../../api/agent-protocol.ts';
import { describeSource } from '../config/effective.ts';
import type { PlannedEdit } from '../config/plan-edit.ts';
import type { Facts } from '../decide/facts.ts';
import { decode } from '../files/host-tree.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import { MAX_IN_PLACE_BYTES } from '../files/write-in-place.ts';
import { Refused } from '../refused.ts';
import { type Journal, sha256 } from './journal.ts';
import { lookAtFile, namesBeside, restore } from './journaled-file.ts';
import { type SettleContext, type Settled, settle } from './settle.ts';

export interface Change {
  readonly facts: Facts;
  readonly target: GradedFile;
  readonly edit: PlannedEdit;
  /** Whether the kubelet answers on its port, asked when the run began. */
  readonly mustServe: Promise<boolean>;
  readonly decided: () => void;
}

export async function changeConfig(
  { facts, target, edit, mustServe, decided }: Change,
  request: RepairRequest,
  context: SettleContext,
): Promise<Settled> {
  const { path, directory: directoryPath, name } = edit;
  const directory = SafeDirectory.openOfKubelet(context.hostRoot, directoryPath, context.trustedUid);
  try {
    const file = directory.read(name);
    const text = file && decode(file.bytes, path);
    // The file that was judged and the file that is edited must be the same one.
    if (file === undefined || text !== edit.was)
      throw new Refused('PendingChanges', `${path} was changed while it was read`);
    if (file.stats.nlink > 1)
      throw new Refused(
        'UnsafePath',
        `${path} has ${file.stats.nlink} names (hard links); only one would change`,
      );
    const inPlace = directory.isForeign;
    if (inPlace && file.stats.uid !== context.trustedUid)
      throw new Refused('UnsafePath', `${path} and its directory both belong to others than root`);
    const edited = Buffer.from(edit.text);
    if (inPlace && Math.max(file.bytes.length, edited.length) > MAX_IN_PLACE_BYTES)
      throw new Refused('UnsafePath', `${path} is too large to be written in place`);
    decided();
    const sha256Before = sha256(file.bytes);
    context.log('decided to change', { path, line: edit.line, before: edit.before, after: edit.after });

    const answered = await mustServe;
    if (context.stop.aborted) throw new Error('told to stop before anything was written');
    let journal: Journal | undefined;
    try {
      const sha256After = sha256(edited);
      const backup = context.journals.saveCopy(request.remediation, name, file.bytes, sha256Before);
      if (inPlace) context.journals.saveCopy(request.remediation, name, edited, sha256After);
      journal = {
        version: 1,
        remediation: request.remediation,
        nonce: request.nonce,
        step: 'writing',
        file: { directory: directoryPath, name },
        beside: namesBeside({ file: { directory: directoryPath, name }, inPlace }, context),
        change: {
          path,
          line: edit.line,
          before: edit.before,
          after: edit.after,
          sha256Before,
          sha256After,
          backup,
        },
        inPlace,
        evidence: {
          layout: facts.layout,
          effective: { value: facts.effective.value, source: describeSource(facts.effective.source) },
          ...(facts.current && { current: facts.current }),
          target,
        },
        mustServe: answered,
        pidBefore: facts.unit.mainPid,
        pidAfter: 0,
        restarts: 0,
        bytesSinceMs: 0,
        times: { written: new Date(context.clock.now()).toISOString() },
      };
      context.journals.save(journal);
      if (inPlace) directory.writeInPlace(name, edited, file);
      else directory.replace(name, edited, file.stats);
    } catch (error) {
      // The rename may have happened and only its fsync failed; then this is a change, not a refusal.
      const holds = journal && lookAtFile(journal, context).holds;
      if (journal !== undefined && holds === 'new') return await settle(journal, context);
      if (journal?.inPlace === true && !(error instanceof Refused)) {
        // Half-written, on a disk that is full or fails. What cannot be taken back now is for the next run to settle.
        if (restore(journal, context).kind !== 'restored') throw error;
      }
      if (journal !== undefined) abandonQuietly(journal, context);
      throw refusal(error, path);
    }
    context.log('written', { path, sha256: journal.change.sha256After, inPlace });
    return await settle(journal, context);
  } finally {
    directory.close();
  }
}

/** What the node did not let us write, as a refusal: the old bytes are all there. */
function refusal(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const message = `${path} could not be changed: ${String(error)}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Refused('NoSpace', message, { cause: error });
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM' || code === 'EBUSY')
    return new Refused('NotWritable', message, { cause: error });
  return error;
}

/** One that stays, on a disk that fails, is taken back by the next run: the file holds the old bytes. */
function abandonQuietly(journal: Journal, context: SettleContext): void {
  try {
    context.journals.abandon(journal);
  } catch (error) {
    context.log('journal could not be removed', { error: String(error) });
  }
}
