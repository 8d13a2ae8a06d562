/**
 * The verb `rollback`: takes a repair back on request. A change like that of a repair, with the two contents of the file
 * exchanged: journaled, one restart, watched by the guard, and undone if the kubelet does not come up.
 */
import { KUBELET_DIRECTORIES, type RollbackReport, type RollbackRequest } from '../api/agent-protocol.ts';
import { Refused } from '../api/refused.ts';
import { scrub } from '../diagnosis/scrub.ts';
import type { Journal } from './change/journal.ts';
import { sha256 } from './change/journal.ts';
import { namesIn } from './change/journaled-file.ts';
import type { SettleContext, Settled } from './change/settled.ts';
import { withLock } from './change/state-directory.ts';
import { findUndoneEdit } from './change/undone-edits.ts';
import { completedEarlier, isUnchanged, resumeUnfinished } from './change/unfinished-run.ts';
import { refuseUnsafe, writeChange } from './change/write-change.ts';
import { unifiedDiff } from './config/unified-diff.ts';
import { readConfigured } from './decide/facts.ts';
import { programProblem, reloadProblem, settingsProblem, unseenProblem } from './decide/pending-problems.ts';
import { decode, HostTree, isWithin, type SafeFile } from './files/host-tree.ts';
import { SafeDirectory } from './files/safe-directory.ts';
import { runVerb, type WriteContext } from './run-verb.ts';
import type { KubeletUnit } from './unit/kubelet-unit.ts';
import { servesBefore } from './unit/serves-before.ts';

type End = Pick<RollbackReport, 'outcome' | 'reason' | 'message' | 'nodeUnchanged'> & Partial<RollbackReport>;

export async function rollback(request: RollbackRequest, context: WriteContext): Promise<RollbackReport> {
  const report = ({ times, ...end }: End): RollbackReport => ({
    verb: 'rollback',
    nonce: request.nonce,
    ...end,
    times: { ...times, started: context.started, finished: new Date(context.clock.now()).toISOString() },
  });
  let nodeUnchanged = true;
  return runVerb(context, {
    body: async () =>
      withLock({ ...request, guard: request.nonce }, context, async (settling) => {
        try {
          return report(endOf(await underLock(request, settling)));
        } catch (error) {
          nodeUnchanged = isUnchanged(settling);
          throw error;
        }
      }),
    target: () => '',
    reportFailure: (failure) => report({ ...failure, nodeUnchanged }),
  });
}

async function underLock(request: RollbackRequest, context: SettleContext): Promise<Settled> {
  const resumed = await resumeUnfinished(request.nonce, (path) => refuseUnwritable(path, request), context);
  if (resumed !== undefined) return resumed;
  const earlier = context.journals.finishedRun(request.remediation, request.nonce);
  if (earlier !== undefined) return completedEarlier(earlier, context);

  const mustServe = servesBefore(context.kubeletServes, context.clock);
  const { journals, unit: manager, hostRoot, trustedUid } = context;
  const done = journals.finishedOf(request.of);
  if (done?.outcome !== 'repaired' && done?.outcome !== 'corrected')
    throw new Refused('NothingToRollBack', `There is no repair of ${request.of} on this node to roll back.`);
  refuseUnwritable(done.file.directory, request);
  const directory = SafeDirectory.openOfKubelet(hostRoot, done.file.directory, trustedUid);
  try {
    const file = readRepaired(done, directory);
    const bytes = oldBytes(done, context);
    const { path } = done.change;
    refuseUnsafe({ path, directory, file, bytes }, trustedUid);
    const unit = await manager.describe();
    const restart = done.restart !== false;
    // Without a restart nothing else is applied, and the corrected file itself is newer than the kubelet.
    if (restart) refuseUnready(unit, context);
    const found = { done, directory, file, bytes, unit, mustServe: await mustServe };
    const prepare = (): Journal => prepareJournal(request, found, context);
    return await writeChange({ path, directory, file, bytes, restart, prepare }, context);
  } finally {
    directory.close();
  }
}

/** @throws Refused where it does not hold exactly what the repair wrote */
function readRepaired({ file: { name }, change }: Journal, directory: SafeDirectory): SafeFile {
  const { path, sha256Before, sha256After } = change;
  const file = directory.read(name);
  const sum = file && sha256(file.bytes);
  if (sum === sha256Before)
    throw new Refused('NothingToRollBack', `The file ${path} already has its old content.`);
  if (file === undefined || sum !== sha256After)
    throw new Refused('ChangedSince', `The file ${path} was changed by someone else since the repair.`);
  return file;
}

function oldBytes(done: Journal, { journals }: SettleContext): Buffer {
  const bytes = journals.readCopy(done, done.change.sha256Before);
  if (bytes === undefined)
    throw new Refused('ChangedSince', `The backup ${done.change.backup} is damaged or missing.`);
  return bytes;
}

interface Found {
  /** The journal of the repair. */
  readonly done: Journal;
  readonly directory: SafeDirectory;
  readonly file: SafeFile;
  readonly bytes: Buffer;
  readonly unit: KubeletUnit;
  readonly mustServe: boolean;
}

function prepareJournal(
  { remediation, nonce }: RollbackRequest,
  { done, directory, file, bytes, unit, mustServe }: Found,
  { journals, clock }: SettleContext,
): Journal {
  const { change, evidence } = done;
  const { name } = done.file;
  const inPlace = directory.isForeign;
  const backup = journals.saveCopy(remediation, name, file.bytes, change.sha256After);
  if (inPlace) journals.saveCopy(remediation, name, bytes, change.sha256Before);
  return {
    version: 1,
    remediation,
    nonce,
    reverts: done.remediation,
    step: 'writing',
    file: done.file,
    beside: [...namesIn(directory, name)],
    change: {
      ...change,
      before: change.after,
      after: change.before,
      sha256Before: change.sha256After,
      sha256After: change.sha256Before,
      backup,
      diff: scrub(unifiedDiff(change.path, decode(file.bytes, change.path), decode(bytes, change.path))),
    },
    ...(done.restart === false && { restart: false }),
    inPlace,
    evidence: { layout: evidence.layout },
    mustServe,
    pidBefore: unit.mainPid,
    startedBefore: new Date(unit.startedAtMs).toISOString(),
    pidAfter: 0,
    restarts: 0,
    bytesSinceMs: 0,
    times: { written: new Date(clock.now()).toISOString() },
  };
}

/** As the operator sees it: the change succeeded if the repair is taken back, and failed if that was undone. */
function endOf({
  outcome,
  reason,
  message,
  advice,
  journal,
  nodeUnchanged,
  active,
  handedOver,
}: Settled): End {
  const { pidBefore, pidAfter, restarts, change, times } = journal;
  const isRolledBack = outcome === 'repaired' || outcome === 'corrected';
  return {
    outcome: isRolledBack ? 'rolled-back' : 'failed',
    reason,
    message,
    ...(advice === undefined ? {} : { advice }),
    nodeUnchanged,
    change,
    kubelet: { pidBefore, pidAfter, restarts, active },
    ...(outcome === 'repaired' ? { watched: handedOver !== true } : {}),
    times,
  };
}

/** Refused before anything is written. */
function refuseUnwritable(path: string, { writable }: RollbackRequest): void {
  const needs = KUBELET_DIRECTORIES.find((directory) => isWithin(path, directory));
  if (needs === undefined || writable.includes(needs)) return;
  throw new Refused('DirectoryNotMounted', `The file is in ${path}, which the agent has no write access to.`);
}

function refuseUnready(unit: KubeletUnit, context: SettleContext): void {
  if (unit.jobPending || unit.loadState !== 'loaded')
    throw new Refused(
      'UnitBusy',
      `The unit kubelet.service is ${unit.loadState}, ${unit.activeState}/${unit.subState}.`,
    );
  // A kubelet that is down may be the reason for the rollback; a restart then applies nothing that was not asked for.
  if (unit.activeState !== 'active') return;
  const { pending } = readConfigured({
    unit,
    host: new HostTree(context.hostRoot),
    nowMs: context.clock.now(),
    // An earlier rollback that failed has put the repaired file back, which the kubelet has read.
    undoneEdit: findUndoneEdit(unit, context),
  });
  const problem =
    settingsProblem(pending) ?? unseenProblem(pending) ?? programProblem(pending) ?? reloadProblem(unit);
  if (problem) throw new Refused(problem.reason, problem.message, { advice: problem.advice });
}
