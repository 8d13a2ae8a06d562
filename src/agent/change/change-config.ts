/** Changes the one value in the file where it wins: back up, journal, write as planned, then `settle.ts`. */
import type { GradedFile, RepairRequest } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import type { Rewritten } from '../../api/rewritten.ts';
import { scrub } from '../../diagnosis/scrub.ts';
import type { PlannedEdit } from '../config/plan-edit.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { evidenceOf, type Facts } from '../decide/facts.ts';
import { errorText } from '../error-text.ts';
import { decode, type SafeFile } from '../files/host-tree.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import { MAX_IN_PLACE_BYTES } from '../files/write-in-place.ts';
import { type Journal, sha256 } from './journal.ts';
import { JournaledFile, namesIn } from './journaled-file.ts';
import { settle } from './settle.ts';
import type { SettleContext, Settled } from './settled.ts';

export interface Change {
  readonly facts: Facts;
  readonly target: GradedFile;
  readonly edit: PlannedEdit;
  /** What the file was like before the change. */
  readonly rewritten: Rewritten | undefined;
  /** Whether the kubelet serves on its port, asked when the run began. */
  readonly mustServe: Promise<boolean>;
  readonly onDecided: () => void;
}

export async function changeConfig(
  change: Change,
  request: RepairRequest,
  context: SettleContext,
): Promise<Settled> {
  const { edit } = change;
  const directory = SafeDirectory.openOfKubelet(context.hostRoot, edit.directory, context.trustedUid);
  try {
    const file = readEditable(directory, edit, context.trustedUid);
    change.onDecided();
    const { path, line } = edit;
    context.log('decided to change', { path, line, before: scrub(edit.before), after: scrub(edit.after) });
    const mustServe = await change.mustServe;
    if (request.restart !== false) await untilGuarded(context);
    context.stop.throwIfAborted();
    let journal: Journal | undefined;
    try {
      journal = prepare({ ...change, mustServe }, file, directory, request, context);
      context.journals.save(journal);
      const edited = Buffer.from(edit.text);
      if (directory.isForeign) directory.writeInPlace(edit.name, edited, file);
      else directory.replace(edit.name, edited, file.stats);
    } catch (error) {
      return await recover(error, journal, path, context);
    }
    context.log('written', { path, sha256: journal.change.sha256After, inPlace: journal.inPlace });
    return await settle(journal, context);
  } finally {
    directory.close();
  }
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

/** The file to be edited, checked to be the one that was judged and safe to write. */
function readEditable(directory: SafeDirectory, edit: PlannedEdit, trustedUid: number): SafeFile {
  const { path } = edit;
  const file = directory.read(edit.name);
  if (file === undefined || decode(file.bytes, path) !== edit.was)
    throw new Refused('PendingChanges', `The file ${path} changed while the agent was reading it.`);
  const { nlink, uid } = file.stats;
  if (nlink > 1)
    throw new Refused(
      'UnsafePath',
      `The file ${path} has ${nlink} hard links; only one of them would change.`,
    );
  if (!directory.isForeign) return file;
  if (uid !== trustedUid)
    throw new Refused('UnsafePath', `Neither the file ${path} nor its directory is owned by root.`);
  if (Math.max(file.bytes.length, Buffer.byteLength(edit.text)) > MAX_IN_PLACE_BYTES)
    throw new Refused('UnsafePath', `The file ${path} is too large to be written in place.`);
  return file;
}

/** Saves the copies that an undo needs, and returns the journal that names them. */
function prepare(
  { facts, target, edit, rewritten, mustServe }: Omit<Change, 'mustServe'> & { readonly mustServe: boolean },
  { bytes, stats }: SafeFile,
  directory: SafeDirectory,
  { remediation, nonce, restart }: RepairRequest,
  { journals, clock }: SettleContext,
): Journal {
  const { path, name, line, was, text } = edit;
  const inPlace = directory.isForeign;
  const edited = Buffer.from(edit.text);
  const [sha256Before, sha256After] = [sha256(bytes), sha256(edited)];
  const backup = journals.saveCopy(remediation, name, bytes, sha256Before);
  if (inPlace) journals.saveCopy(remediation, name, edited, sha256After);
  return {
    version: 1,
    remediation,
    nonce,
    step: 'writing',
    file: { directory: edit.directory, name },
    beside: namesIn(directory, name),
    change: {
      path,
      line,
      before: scrub(edit.before),
      after: scrub(edit.after),
      sha256Before,
      sha256After,
      backup,
      owner: `${stats.uid}:${stats.gid}`,
      mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
      diff: scrub(unifiedDiff(path, was, text)),
    },
    ...(restart === false && { restart }),
    inPlace,
    evidence: { ...evidenceOf(facts), target, ...(rewritten && { rewritten }) },
    mustServe,
    pidBefore: facts.unit.mainPid,
    startedBefore: new Date(facts.unit.startedAtMs).toISOString(),
    pidAfter: 0,
    restarts: 0,
    bytesSinceMs: 0,
    times: { written: new Date(clock.now()).toISOString() },
  };
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
