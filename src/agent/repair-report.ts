/** Collects what a repair finds out, so that a run that breaks off reports it as well. */
import type {
  ComparedFiles,
  GradedFile,
  KubeletDirectory,
  RepairReport,
  RepairRequest,
} from '../api/agent-protocol.ts';
import type { Rewritten } from '../api/rewritten.ts';
import type { Settled } from './change/settled.ts';
import { evidenceOf, type Facts } from './decide/facts.ts';
import type { VerbContext } from './run-verb.ts';

type End = Pick<RepairReport, 'outcome' | 'reason' | 'message' | 'nodeUnchanged'> & Partial<RepairReport>;

export class RepairDraft {
  readonly #request: RepairRequest;
  readonly #context: VerbContext;
  #observed: Partial<RepairReport> = {};

  constructor(request: RepairRequest, context: VerbContext) {
    this.#request = request;
    this.#context = context;
  }

  readonly addFacts = (facts: Facts): void => {
    this.#add(evidenceOf(facts));
  };

  readonly addTarget = (target: GradedFile | undefined): void => {
    if (target !== undefined) this.#add({ target });
  };

  readonly addRewritten = (rewritten: Rewritten | undefined): void => {
    if (rewritten !== undefined) this.#add({ rewritten });
  };

  readonly addNeeds = (needs: KubeletDirectory): void => {
    this.#add({ needs });
  };

  /** Only the first call counts. */
  readonly decided = (): void => {
    this.#add({ times: { decided: this.#now(), ...this.#observed.times } });
  };

  targetPath(): string {
    return this.#observed.target?.path ?? this.#request.targets[0] ?? '';
  }

  /**
   * The change may be of an earlier run: then its journal knows the node as it was.
   *
   * @param compared what the files say after the change, where that was looked at again
   */
  reportSettled(settled: Settled, compared?: ComparedFiles): RepairReport {
    const { journal, active, outcome, reason, message, advice, nodeUnchanged, handedOver } = settled;
    const { pidBefore, startedBefore, pidAfter, restarts, change, evidence, times } = journal;
    this.#observed = {
      ...evidence,
      ...(compared && { compared }),
      times: { ...times, ...this.#observed.times },
    };
    const kubelet = { pidBefore, pidAfter, restarts, active, ...(startedBefore && { startedBefore }) };
    return this.report({
      outcome,
      reason,
      message,
      ...(advice === undefined ? {} : { advice }),
      nodeUnchanged,
      change,
      kubelet,
      ...(outcome === 'repaired' ? { watched: handedOver !== true } : {}),
    });
  }

  report(end: End): RepairReport {
    return {
      verb: 'repair',
      nonce: this.#request.nonce,
      layout: 'unknown',
      ...this.#observed,
      ...end,
      times: { started: this.#context.started, ...this.#observed.times, finished: this.#now() },
    };
  }

  #add(part: Partial<RepairReport>): void {
    this.#observed = { ...this.#observed, ...part };
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString();
  }
}
