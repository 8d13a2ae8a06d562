/** The verb `rollback`: gives a repaired file its old bytes back, later and on request, and restarts the kubelet once. */
import type { RollbackReport, RollbackRequest } from '../api/agent-protocol.ts';
import { adviceFor } from './advice.ts';
import type { Journal, JournalStore } from './change/journal.ts';
import { lookAtFile } from './change/journaled-file.ts';
import { type SettleContext, settle } from './change/settle.ts';
import { withJournals } from './change/state-directory.ts';
import { gatherFacts } from './decide/facts.ts';
import { HostTree } from './files/host-tree.ts';
import { Refused } from './refused.ts';
import type { RepairContext } from './repair.ts';

type End = Pick<RollbackReport, 'outcome' | 'reason' | 'message' | 'nodeUnchanged'> & Partial<RollbackReport>;

export async function rollback(request: RollbackRequest, context: RepairContext): Promise<RollbackReport> {
  const now = (): string => new Date(context.clock.now()).toISOString();
  const report = ({ times, ...end }: End): RollbackReport => ({
    verb: 'rollback',
    nonce: request.nonce,
    ...end,
    times: { ...times, started: context.started, finished: now() },
  });
  try {
    return report(
      await withJournals(request.remediation, context, (journals) => underLock(request, context, journals)),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Refused) {
      const advice = error.advice ?? adviceFor(error.reason, '');
      return report({ outcome: 'refused', reason: error.reason, message, advice, nodeUnchanged: true });
    }
    context.log('failed', { error: error instanceof Error ? error.stack : message });
    return report({ outcome: 'failed', reason: 'InternalError', message, nodeUnchanged: false });
  } finally {
    context.unit.close();
  }
}

async function underLock(
  request: RollbackRequest,
  context: RepairContext,
  journals: JournalStore,
): Promise<End> {
  const kubeletServes = async () =>
    request.nodeIP === undefined ? false : context.kubeletServes(request.nodeIP);
  const settling: SettleContext = { ...context, journals, kubeletServes };
  const { times: _, ...journal } = await begun(request, settling, context);
  const {
    outcome,
    reason,
    message,
    journal: ended,
    active,
  } = await settle({ ...journal, times: {} }, settling);
  const { pidBefore, pidAfter, restarts, change } = ended;
  return {
    outcome: outcome === 'rolled-back' ? outcome : 'failed',
    reason,
    message,
    change,
    nodeUnchanged: lookAtFile(ended, settling).holds === 'new',
    kubelet: { pidBefore, pidAfter, restarts, active },
  };
}

/** The journal of the undoing: the one that a killed run has left, or a new one. Nothing is written yet. */
async function begun(
  request: RollbackRequest,
  settling: SettleContext,
  context: RepairContext,
): Promise<Journal> {
  const { journals } = settling;
  const open = journals.unfinished();
  if (open !== undefined) {
    if (open.onRequest && open.remediation === request.remediation) return open;
    throw new Refused('UnfinishedRun', `a run for ${open.remediation} has not ended on this node`);
  }
  const done = journals.finishedOf(request.remediation);
  if (done?.outcome !== 'repaired')
    throw new Refused('NothingToRollBack', `${request.remediation} has no repair on this node to roll back`);
  const { holds } = lookAtFile(done, settling);
  if (holds !== 'new')
    throw new Refused(
      holds === 'old' ? 'NothingToRollBack' : 'ChangedSince',
      holds === 'old'
        ? `${done.change.path} has its old content already`
        : `${done.change.path} is not as the repair has left it: somebody has changed it since`,
    );
  if (journals.readCopy(done, done.change.sha256Before) === undefined)
    throw new Refused('ChangedSince', `the backup ${done.change.backup} is damaged or gone`);
  const unit = await context.unit.describe();
  if (unit.jobPending || unit.loadState !== 'loaded')
    throw new Refused(
      'UnitBusy',
      `kubelet.service is ${unit.loadState}, ${unit.activeState}/${unit.subState}`,
    );
  // A kubelet that is down is perhaps why this is wanted; then there is nothing that a restart could apply unasked.
  if (unit.activeState === 'active') {
    const known = { clusterDNS: [], nodeLocalDNS: [], node: [] };
    const { newerThanKubelet } = gatherFacts(unit, [], known, new HostTree(context.hostRoot));
    if (newerThanKubelet.length > 0 || unit.needDaemonReload)
      throw new Refused(
        'PendingChanges',
        `${newerThanKubelet.join(', ') || 'kubelet.service'} changed after the kubelet was started; a restart would apply that as well`,
      );
  }
  if (context.stop.aborted) throw new Error('told to stop before anything was written');
  const journal: Journal = {
    ...done,
    nonce: request.nonce,
    step: 'undoing',
    outcome: undefined,
    onRequest: true,
    problem: 'rolled back on request',
    mustServe: await settling.kubeletServes(),
    pidBefore: unit.mainPid,
    pidAfter: unit.mainPid,
    restarts: 0,
  };
  journals.save(journal);
  return journal;
}
