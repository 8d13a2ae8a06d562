/** The verb `repair`: look, decide, and where it is right change one value and restart the kubelet. */
import { KUBELET_DIRECTORIES, type RepairReport, type RepairRequest } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import { adviceFor } from './advice.ts';
import { changeConfig } from './change/change-config.ts';
import type { Journal, JournalStore } from './change/journal.ts';
import { lookAtFile, restore } from './change/journaled-file.ts';
import { type SettleContext, type Settled, settle } from './change/settle.ts';
import { withJournals } from './change/state-directory.ts';
import { findUndoneEdit } from './change/undone-edits.ts';
import { describeSource } from './config/effective.ts';
import { assess, type NodeContext } from './decide/assess.ts';
import type { Facts } from './decide/facts.ts';
import { isWithin } from './files/host-tree.ts';
import type { Log } from './log.ts';
import { Refused } from './refused.ts';

export interface RepairContext extends NodeContext {
  /** Who may own the directories that are written in: root, except in tests. */
  readonly trustedUid: number;
  readonly kubeletServes: (nodeIP: string) => Promise<boolean>;
  readonly log: Log;
  readonly started: string;
}

export async function repair(request: RepairRequest, context: RepairContext): Promise<RepairReport> {
  const run = new RepairRun(request, context);
  try {
    return await run.underLock();
  } catch (error) {
    return run.ended(error, true);
  } finally {
    context.unit.close();
  }
}

class RepairRun {
  readonly #request: RepairRequest;
  readonly #context: RepairContext;
  /** What is known so far, so that also a run that breaks off reports it. */
  #known: Partial<RepairReport> = {};

  constructor(request: RepairRequest, context: RepairContext) {
    this.#request = request;
    this.#context = context;
  }

  async underLock(): Promise<RepairReport> {
    return withJournals(this.#request.remediation, this.#context, async (journals) => {
      try {
        return await this.#withJournals(journals);
      } catch (error) {
        return this.ended(error, this.#isUnchanged(journals));
      }
    });
  }

  async #withJournals(journals: JournalStore): Promise<RepairReport> {
    const settling: SettleContext = {
      ...this.#context,
      journals,
      kubeletServes: async () => this.#kubeletServes(),
    };
    const open = journals.unfinished();
    if (open?.outcome !== undefined) {
      // Killed after the end, before the journal was put aside. Settled once; not a second time.
      journals.finish(open);
      return this.#repeat(open, settling);
    }
    if (open?.abandoned) {
      journals.finish(open);
    } else if (open !== undefined) {
      this.#mustWriteIn(open.file.directory);
      if (open.step !== 'writing' || !this.#hasOldBytesAgain(open, settling)) {
        this.#context.log('going on with an unfinished run', { step: open.step, of: open.remediation });
        const settled = await settle(open, settling);
        // What another incident left is not this one's outcome: it is settled now, and the node is looked at anew.
        // One that could not even be settled stays open, and nothing else may begin.
        if (open.nonce === this.#request.nonce || journals.unfinished() !== undefined)
          return this.#report(settled);
      } else {
        // Killed before the file was whole: as if that run had not been. Not continued, its look at the node is old.
        journals.abandon(open);
      }
    }
    const done = journals.finishedRun(this.#request.remediation, this.#request.nonce);
    if (done !== undefined) return this.#repeat(done, settling);
    return this.#assessAndChange(settling);
  }

  /** Told before anything is written: the operator then starts the agent again with that one directory. */
  #mustWriteIn(path: string): void {
    const needs = KUBELET_DIRECTORIES.find((directory) => isWithin(path, directory));
    if (needs === undefined || this.#request.writable.includes(needs)) return;
    this.#known = { ...this.#known, needs };
    throw new Refused(
      'DirectoryNotMounted',
      `the change is to be made in ${path}, which the agent was not given to write in`,
    );
  }

  /** The old bytes are there, or there again. New ones that are whole are gone on with instead. */
  #hasOldBytesAgain(open: Journal, settling: SettleContext): boolean {
    const { holds } = lookAtFile(open, settling);
    return holds === 'old' || (holds === 'torn' && restore(open, settling).kind === 'restored');
  }

  async #assessAndChange(settling: SettleContext): Promise<RepairReport> {
    // Asked while the node is read, so that the answer is there when it is needed.
    const answered = this.#kubeletServes();
    const assessment = await assess(
      this.#request,
      this.#context,
      (facts) => this.#rememberFacts(facts),
      (unit) => findUndoneEdit(unit, settling),
    );
    this.#known = { ...this.#known, ...(assessment.target && { target: assessment.target }) };
    switch (assessment.kind) {
      case 'refuse':
        throw new Refused(assessment.reason, assessment.message, {
          ...(assessment.advice !== undefined && { advice: assessment.advice }),
        });
      case 'already-right':
        this.#decided();
        return this.#finished({
          outcome: 'already-right',
          reason: 'AlreadyRight',
          message: `the running kubelet already reads ${assessment.target.path}`,
          nodeUnchanged: true,
          kubelet: kubelet(assessment.facts.unit.mainPid, assessment.facts.unit.mainPid, 0, true),
        });
      case 'change': {
        this.#mustWriteIn(assessment.edit.directory);
        const change = { ...assessment, mustServe: answered, decided: () => this.#decided() };
        return this.#report(await changeConfig(change, this.#request, settling));
      }
      default:
        return assertNever(assessment);
    }
  }

  /** The report of an earlier run got lost; tell its end again, if it is still true. */
  #repeat(done: Journal, settling: SettleContext): RepairReport {
    const expected = done.outcome === 'repaired' ? 'new' : 'old';
    if (done.outcome !== 'failed' && lookAtFile(done, settling).holds !== expected)
      throw new Error(`${done.change.path} was changed by somebody else after this repair had ended`);
    return this.#report({
      outcome: done.outcome ?? 'failed',
      reason: 'EndedEarlier',
      message: 'an earlier run for this remediation had ended so; nothing was done again',
      journal: done,
      nodeUnchanged: done.outcome !== 'repaired' && lookAtFile(done, settling).holds === 'old',
      active: done.outcome !== 'failed',
    });
  }

  /** Refused, interrupted, or something that nobody thought of. */
  ended(error: unknown, nodeUnchanged: boolean): RepairReport {
    this.#decided();
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Refused && nodeUnchanged) {
      const target = this.#known.target?.path ?? this.#request.targets[0] ?? '';
      const advice = error.advice ?? adviceFor(error.reason, target);
      return this.#finished({ outcome: 'refused', reason: error.reason, message, advice, nodeUnchanged });
    }
    this.#context.log('failed', { error: error instanceof Error ? error.stack : message });
    const reason = this.#context.stop.aborted ? 'Interrupted' : 'InternalError';
    return this.#finished({ outcome: 'failed', reason, message, nodeUnchanged });
  }

  /** In doubt it is not: an unfinished change whose file cannot be read is no reason to be calm. */
  #isUnchanged(journals: JournalStore): boolean {
    try {
      const open = journals.unfinished();
      return open === undefined || lookAtFile(open, { ...this.#context, journals }).holds === 'old';
    } catch {
      return false;
    }
  }

  async #kubeletServes(): Promise<boolean> {
    return this.#request.nodeIP === undefined ? false : this.#context.kubeletServes(this.#request.nodeIP);
  }

  #rememberFacts({ layout, effective, current }: Facts): void {
    this.#known = {
      layout,
      effective: { value: effective.value, source: describeSource(effective.source) },
      ...(current && { current }),
    };
  }

  #decided(): void {
    this.#known = { ...this.#known, times: { decided: this.#now(), ...this.#known.times } };
  }

  #report({ journal, active, outcome, reason, message, nodeUnchanged }: Settled): RepairReport {
    this.#known = { ...journal.evidence, times: { ...journal.times, ...this.#known.times } };
    return this.#finished({
      outcome,
      reason,
      message,
      nodeUnchanged,
      change: journal.change,
      kubelet: kubelet(journal.pidBefore, journal.pidAfter, journal.restarts, active),
    });
  }

  #finished(
    end: Pick<RepairReport, 'outcome' | 'reason' | 'message' | 'nodeUnchanged'> & Partial<RepairReport>,
  ): RepairReport {
    return {
      verb: 'repair',
      nonce: this.#request.nonce,
      layout: 'unknown',
      ...this.#known,
      ...end,
      times: { started: this.#context.started, ...this.#known.times, finished: this.#now() },
    };
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}

const kubelet = (
  pidBefore: number,
  pidAfter: number,
  restarts: number,
  active: boolean,
): RepairReport['kubelet'] => ({
  pidBefore,
  pidAfter,
  restarts,
  active,
});
