/** Changes the one value in the file where it wins: back up and journal as planned, then `write-change.ts`. */
import type { GradedFile, RepairRequest } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import type { Rewritten } from '../../api/rewritten.ts';
import { scrub } from '../../diagnosis/scrub.ts';
import type { PlannedEdit } from '../config/plan-edit.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { evidenceOf, type Facts } from '../decide/facts.ts';
import { decode, type SafeFile } from '../files/host-tree.ts';
import { SafeDirectory } from '../files/safe-directory.ts';
import { type Journal, sha256 } from './journal.ts';
import { namesIn } from './journaled-file.ts';
import type { SettleContext, Settled } from './settled.ts';
import { refuseUnsafe, writeChange } from './write-change.ts';

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
    return await writeChange(
      {
        path,
        directory,
        file,
        bytes: Buffer.from(edit.text),
        restart: request.restart !== false,
        prepare: () => prepare({ ...change, mustServe }, file, directory, request, context),
      },
      context,
    );
  } finally {
    directory.close();
  }
}

/** The file to be edited, checked to be the one that was judged and safe to write. */
function readEditable(directory: SafeDirectory, edit: PlannedEdit, trustedUid: number): SafeFile {
  const { path } = edit;
  const file = directory.read(edit.name);
  if (file === undefined || decode(file.bytes, path) !== edit.was)
    throw new Refused('PendingChanges', `The file ${path} changed while the agent was reading it.`);
  refuseUnsafe({ path, directory, file, bytes: Buffer.from(edit.text) }, trustedUid);
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
