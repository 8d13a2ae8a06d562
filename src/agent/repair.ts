/** The verb `repair`: assess the node and, if a change is right, change one value and restart the kubelet once. */
import {
  type ComparedFiles,
  KUBELET_DIRECTORIES,
  type RepairReport,
  type RepairRequest,
} from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import { Refused } from '../api/refused.ts';
import { describeSource } from '../diagnosis/kubelet/setting.ts';
import { changeConfig } from './change/change-config.ts';
import { sha256 } from './change/journal.ts';
import { lastRepairOf } from './change/last-repair.ts';
import type { SettleContext, Settled } from './change/settled.ts';
import { withLock } from './change/state-directory.ts';
import { findUndoneEdit } from './change/undone-edits.ts';
import { completedEarlier, isUnchanged, resumeUnfinished } from './change/unfinished-run.ts';
import { type Intended, notAsApproved } from './decide/approved.ts';
import { type Assessment, assess } from './decide/assess.ts';
import type { Facts } from './decide/facts.ts';
import { rewrittenOf } from './decide/rewritten.ts';
import { errorText } from './error-text.ts';
import { HostTree, isWithin } from './files/host-tree.ts';
import { RepairDraft } from './repair-report.ts';
import { runVerb, type WriteContext } from './run-verb.ts';
import { servesBefore } from './unit/serves-before.ts';

export async function repair(request: RepairRequest, context: WriteContext): Promise<RepairReport> {
  const draft = new RepairDraft(request, context);
  let nodeUnchanged = true;
  return runVerb(context, {
    body: async () =>
      withLock({ ...request, guard: request.nonce }, context, async (settling) => {
        try {
          return await repairUnderLock(request, draft, settling, context);
        } catch (error) {
          nodeUnchanged = isUnchanged(settling);
          throw nodeUnchanged ? error : notRefused(error);
        }
      }),
    target: () => draft.targetPath(),
    reportFailure: (failure) => {
      draft.decided();
      return draft.report({ ...failure, nodeUnchanged });
    },
  });
}

/** A refusal means that nothing was changed; where a killed run has changed the file, it is a failure. */
function notRefused(error: unknown): unknown {
  return error instanceof Refused
    ? new Error(`an unfinished run could not be settled: ${errorText(error)}`, { cause: error })
    : error;
}

async function repairUnderLock(
  request: RepairRequest,
  draft: RepairDraft,
  settling: SettleContext,
  context: WriteContext,
): Promise<RepairReport> {
  const requireWritable = (path: string): void => refuseUnwritable(path, request, draft);
  const reported = async (settled: Settled): Promise<RepairReport> =>
    draft.reportSettled(
      settled,
      settled.outcome === 'corrected' ? await compareAgain(request, context) : undefined,
    );
  const resumed = await resumeUnfinished(request.nonce, requireWritable, settling);
  if (resumed !== undefined) return reported(resumed);
  const done = settling.journals.finishedRun(request.remediation, request.nonce);
  if (done !== undefined) return reported(completedEarlier(done, settling));

  // Asked while the node is read, so that the answer is there when it is needed.
  const mustServe = servesBefore(settling.kubeletServes, settling.clock);
  let facts: Facts | undefined;
  const assessment = await assess(request, context, {
    onFacts: (found) => {
      facts = found;
      draft.addFacts(found);
    },
    findUndoneEdit: (unit) => findUndoneEdit(unit, settling),
  });
  draft.addTarget(assessment.target);
  const rewritten =
    facts &&
    rewrittenOf(facts, {
      host: new HostTree(context.hostRoot),
      log: context.log,
      nowMs: context.clock.now(),
      uptimeMs: context.uptimeMs(),
      lastRepairOf: lastRepairOf(settling.journals),
    });
  draft.addRewritten(rewritten);
  refuseUnapproved(assessment, request);
  switch (assessment.kind) {
    case 'refuse':
      throw new Refused(assessment.reason, assessment.message, { advice: assessment.advice });
    case 'already-right': {
      const { mainPid } = assessment.facts.unit;
      draft.decided();
      return draft.report({
        outcome: 'already-right',
        reason: 'AlreadyRight',
        message: `The running kubelet already reads ${assessment.target.path}.`,
        nodeUnchanged: true,
        kubelet: { pidBefore: mainPid, pidAfter: mainPid, restarts: 0, active: true },
      });
    }
    case 'change': {
      requireWritable(assessment.edit.directory);
      const change = { ...assessment, rewritten, mustServe, onDecided: draft.decided };
      return reported(await changeConfig(change, request, settling));
    }
    default:
      return assertNever(assessment);
  }
}

/** What the files say after a change without a restart, read from the node again. */
async function compareAgain(
  request: RepairRequest,
  context: WriteContext,
): Promise<ComparedFiles | undefined> {
  let compared: ComparedFiles | undefined;
  const onFacts = (facts: Facts): void => {
    compared = facts.compared;
  };
  try {
    await assess(request, context, { onFacts });
  } catch (error) {
    // Whatever it is, the change is made and has to be reported.
    context.log('files not compared after the change', { error: errorText(error) });
  }
  return compared;
}

/** Refused before anything is written: the operator then starts the agent again with that one directory. */
function refuseUnwritable(path: string, { writable }: RepairRequest, draft: RepairDraft): void {
  const needs = KUBELET_DIRECTORIES.find((directory) => isWithin(path, directory));
  if (needs === undefined || writable.includes(needs)) return;
  draft.addNeeds(needs);
  throw new Refused(
    'DirectoryNotMounted',
    `The change is in ${path}, which the agent has no write access to.`,
  );
}

/** A refusal stays what it is, unless the kubelet is right: then the operator would replace DNS pods that nobody approved. */
function refuseUnapproved(assessment: Assessment, { approved }: RepairRequest): void {
  if (approved === undefined) return;
  if (assessment.kind === 'refuse' && assessment.reason !== 'CurrentIsUsable') return;
  const problem = notAsApproved(approved, assessment.kind === 'change' ? intendedBy(assessment) : null);
  if (problem !== null) throw new Refused('PlanChanged', problem);
}

function intendedBy({ edit, facts, target }: Extract<Assessment, { kind: 'change' }>): Intended {
  return {
    file: edit.path,
    line: edit.line,
    setting: describeSource(facts.effective.source),
    target: target.path,
    sha256Before: sha256(Buffer.from(edit.was)),
    sha256After: sha256(Buffer.from(edit.text)),
  };
}
