/** The verb `rollback`: restores the old bytes of a repaired file, later and on request, and restarts the kubelet once. */
import type { RollbackReport, RollbackRequest } from '../api/agent-protocol.ts';
import { Refused } from '../api/refused.ts';
import type { Journal } from './change/journal.ts';
import { JournaledFile } from './change/journaled-file.ts';
import { settle } from './change/settle.ts';
import type { SettleContext } from './change/settled.ts';
import { withLock } from './change/state-directory.ts';
import { readConfigured } from './decide/facts.ts';
import { programProblem, reloadProblem, settingsProblem, unseenProblem } from './decide/pending-problems.ts';
import { HostTree } from './files/host-tree.ts';
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
  return runVerb(context, {
    body: async () =>
      withLock(request, context, async (settling) => report(await rollBackUnderLock(request, settling))),
    target: () => '',
    reportFailure: (failure) => report({ ...failure, nodeUnchanged: failure.outcome === 'refused' }),
  });
}

async function rollBackUnderLock(request: RollbackRequest, context: SettleContext): Promise<End> {
  const open = context.journals.unfinished();
  if (open !== undefined && !(open.onRequest && open.remediation === request.remediation))
    throw new Refused('UnfinishedRun', `A run for ${open.remediation} has not finished on this node.`);
  const undoing = open ?? (await begin(request, context));
  const { outcome, reason, message, journal, active } = await settle({ ...undoing, times: {} }, context);
  const { pidBefore, pidAfter, restarts, change } = journal;
  return {
    outcome: outcome === 'rolled-back' ? outcome : 'failed',
    reason,
    message,
    change,
    nodeUnchanged: new JournaledFile(journal, context).holds() === 'new',
    kubelet: { pidBefore, pidAfter, restarts, active },
  };
}

/** Checks everything, then journals the undo; the file is not written yet. */
async function begin({ remediation, nonce }: RollbackRequest, context: SettleContext): Promise<Journal> {
  const { journals, unit: manager, stop, hostRoot } = context;
  const done = journals.finishedOf(remediation);
  if (done?.outcome !== 'repaired' && done?.outcome !== 'corrected')
    throw new Refused('NothingToRollBack', `There is no repair of ${remediation} on this node to roll back.`);
  refuseChangedSince(done, context);
  const unit = await manager.describe();
  // Without a restart nothing else is applied, and the corrected file itself is newer than the kubelet.
  if (done.restart !== false) refuseUnready(unit, new HostTree(hostRoot), context.clock.now());
  stop.throwIfAborted();
  const journal: Journal = {
    ...done,
    nonce,
    step: 'undoing',
    outcome: undefined,
    onRequest: true,
    problem: 'A rollback was requested.',
    mustServe: await servesBefore(context.kubeletServes, context.clock),
    pidBefore: unit.mainPid,
    pidAfter: unit.mainPid,
    restarts: 0,
  };
  journals.save(journal);
  return journal;
}

function refuseChangedSince(done: Journal, context: SettleContext): void {
  const { path, backup, sha256Before } = done.change;
  const holds = new JournaledFile(done, context).holds();
  if (holds === 'old')
    throw new Refused('NothingToRollBack', `The file ${path} already has its old content.`);
  if (holds !== 'new')
    throw new Refused('ChangedSince', `The file ${path} was changed by someone else since the repair.`);
  if (context.journals.readCopy(done, sha256Before) === undefined)
    throw new Refused('ChangedSince', `The backup ${backup} is damaged or missing.`);
}

function refuseUnready(unit: KubeletUnit, host: HostTree, nowMs: number): void {
  if (unit.jobPending || unit.loadState !== 'loaded')
    throw new Refused(
      'UnitBusy',
      `The unit kubelet.service is ${unit.loadState}, ${unit.activeState}/${unit.subState}.`,
    );
  // A kubelet that is down may be the reason for the rollback; a restart then applies nothing that was not asked for.
  if (unit.activeState !== 'active') return;
  const { pending } = readConfigured({ unit, host, nowMs });
  const problem =
    settingsProblem(pending) ?? unseenProblem(pending) ?? programProblem(pending) ?? reloadProblem(unit);
  if (problem) throw new Refused(problem.reason, problem.message, { advice: problem.advice });
}
