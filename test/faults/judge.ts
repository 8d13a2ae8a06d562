/** Runs one case: what must be true of the node after the fault, after a rerun, and after one more. */
import type { AgentReport } from '../../src/api/agent-protocol.ts';
import { type AgentEnd, runAgent } from './agent-process.ts';
import { AIMS, type CallCase, type FaultCase, straceOf } from './fault-cases.ts';
import { UPLINK } from './node-layouts.ts';
import { type NodeSetup, ScratchNode } from './scratch-node.ts';
import { struck } from './traced-calls.ts';

export interface Judged {
  readonly problems: readonly string[];
  /** How the struck run ended: killed, or the outcome that it reported. */
  readonly end: string;
}

/** A repair, or a rollback of one: with the two contents of the file exchanged, it is the same change. */
export interface ChangeVerb {
  readonly request: (
    node: ScratchNode,
    remediation?: string,
  ) => Parameters<typeof runAgent>[1] & {
    readonly nonce: string;
    readonly remediation: string;
    readonly nodeIP: string;
  };
  /** The outcome of its report where the new content is in place, and where the old one was restored. */
  readonly done: string;
  readonly undone: string;
}

/** For one remediation: one restart with the new bytes, and one more to return to the old ones. */
const MAX_RESTARTS = { up: 1, down: 2 } as const;

export const request = (node: ScratchNode, remediation = 'node-1-abc') => ({
  verb: 'repair',
  nonce: `uid-of-${remediation}`,
  remediation,
  targets: [UPLINK],
  acceptRisky: false,
  replaceEmptyValue: false,
  known: { clusterDNS: ['10.233.0.3'] },
  externalName: 'example.com',
  nodeIP: node.address,
});

export const REPAIR: ChangeVerb = { request, done: 'repaired', undone: 'rolled-back' };

export const ROLLBACK: ChangeVerb = {
  request: (node, remediation = 'node-1-back') => ({
    verb: 'rollback',
    nonce: `uid-of-${remediation}`,
    remediation,
    of: request(node).remediation,
    nodeIP: node.address,
  }),
  done: 'rolled-back',
  undone: 'failed',
};

const guardRequest = (node: ScratchNode, verb: ChangeVerb) => {
  const { nonce, remediation, nodeIP } = verb.request(node);
  return { verb: 'guard', nonce, remediation, nodeIP };
};

export async function judge(setup: NodeSetup, fault: FaultCase, verb = REPAIR): Promise<Judged> {
  for (let aim = 0; ; aim++) {
    const node = await ScratchNode.make(setup);
    const trial = new Trial(node, setup.comesUp ?? true, verb);
    try {
      if (fault.kind === 'bus') node.systemd.onRestart = { nth: fault.nth, does: fault.fault };
      const first = await runAgent(
        node.root,
        verb.request(node),
        fault.kind === 'call' ? straceOf(fault, aim) : [],
        (kill) => {
          node.systemd.killAgent = kill;
        },
      );
      // A run in which another call was struck is not the case that is to be judged.
      if (fault.kind === 'call' && missed(fault, first) && aim < AIMS - 1) continue;
      node.systemd.onRestart = undefined;
      if (fault.kind === 'call') trial.struckAsMeant(fault, first);
      trial.afterFault(first);
      // Its guard, which has waited for its end, comes first; then the operator starts the agent again.
      if (first.signal !== null) await trial.guard();
      await trial.rerun();
      return { problems: trial.problems, end: first.signal ?? first.report?.outcome ?? 'no report' };
    } finally {
      node.remove();
    }
  }
}

const missed = ({ struck: { paths, signature } }: CallCase, { trace }: AgentEnd): boolean =>
  paths === undefined && struck(trace) !== signature;

type ChangeReport = Extract<AgentReport, { readonly verb: 'repair' | 'rollback' }>;

class Trial {
  readonly problems: string[] = [];
  readonly #node: ScratchNode;
  readonly #comesUp: boolean;
  readonly #verb: ChangeVerb;
  readonly #identity: string;
  readonly #others: string;

  constructor(node: ScratchNode, comesUp: boolean, verb: ChangeVerb) {
    this.#node = node;
    this.#verb = verb;
    this.#comesUp = comesUp;
    this.#identity = node.identity();
    this.#others = node.others();
  }

  struckAsMeant({ fault, struck: { signature } }: CallCase, { signal, trace, output }: AgentEnd): void {
    const killed = fault.startsWith('killed');
    if (struck(trace) !== signature) this.#problem(`struck ${struck(trace)} instead of ${signature}`);
    if (killed !== (signal === 'SIGKILL')) this.#problem(`ended with ${signal ?? 'an exit code'}: ${output}`);
  }

  afterFault({ signal, report, trace }: AgentEnd): void {
    const { before, after, directoryOwner } = this.#node.layout;
    const content = this.#node.content();
    // A write in place may be half-done if the agent was killed, or if the disk lets nothing be restored.
    const reason = (report as ChangeReport | undefined)?.reason;
    const mayBeTorn = directoryOwner !== undefined && (signal !== null || reason === 'UndoFailed');
    if (content !== before && content !== after && !mayBeTorn) this.#problem(`the file is torn: ${content}`);
    const isReportStruck = struck(trace)?.includes('termination-log') === true;
    if (signal === null && !isReportStruck) this.#agrees(report as ChangeReport | undefined);
    this.#same('after the fault', MAX_RESTARTS[this.#comesUp ? 'up' : 'down']);
  }

  /** A guard completes or undoes the change of an agent that was killed, or does not touch it. */
  async guard(): Promise<void> {
    const { before, after } = this.#node.layout;
    const { report, output } = await runAgent(this.#node.root, guardRequest(this.#node, this.#verb));
    const expected: Readonly<Record<string, string | undefined>> = {
      kept: after,
      'rolled-back': before,
      // Killed before the file was whole: then it has its old content.
      'nothing-to-guard': before,
    };
    if (report === undefined || !(report.outcome in expected))
      return this.#problem(`its guard ended ${report?.outcome}: ${report?.message} ${output}`);
    if (this.#node.content() !== expected[report.outcome])
      this.#problem(`its guard ended ${report.outcome}, but the file is ${this.#node.content()}`);
    if (!this.#node.systemd.kubeletRuns) this.#problem('after its guard the kubelet does not run');
    this.#same('after its guard', MAX_RESTARTS[this.#comesUp ? 'up' : 'down']);
  }

  /** By the same incident; if that one has failed before it could change anything, by the next one. */
  async rerun(): Promise<void> {
    const { before, after } = this.#node.layout;
    const expected = this.#comesUp ? after : before;
    let incident = this.#verb.request(this.#node);
    let end = await runAgent(this.#node.root, incident);
    let restarts = MAX_RESTARTS[this.#comesUp ? 'up' : 'down'];
    if (end.report?.outcome === 'failed' && end.report.reason === 'EndedEarlier') {
      if (this.#node.content() !== before)
        this.#problem('it had failed, and the old content was not restored');
      incident = this.#verb.request(this.#node, 'node-1-next');
      end = await runAgent(this.#node.root, incident);
      restarts *= 2;
    }
    const outcomes = this.#comesUp ? [this.#verb.done, 'already-right'] : [this.#verb.undone];
    if (!outcomes.includes(end.report?.outcome ?? ''))
      this.#problem(`the rerun ended ${end.report?.outcome}: ${end.report?.message} ${end.output}`);
    if (this.#node.content() !== expected)
      this.#problem(`after the rerun the file is ${this.#node.content()}`);
    if (!this.#node.systemd.kubeletRuns) this.#problem('after the rerun the kubelet does not run');
    this.#same('after the rerun', restarts);
    if (this.#node.others() !== this.#others) this.#problem(`something else changed: ${this.#node.others()}`);

    const already = this.#node.systemd.restarts;
    const again = await runAgent(this.#node.root, incident);
    if (again.report?.outcome !== end.report?.outcome)
      this.#problem(`once more it ended ${again.report?.outcome}: ${again.report?.message}`);
    if (this.#node.content() !== expected) this.#problem('once more it changed the file');
    if (this.#node.systemd.restarts !== already) this.#problem('once more it restarted the kubelet');
  }

  /** The report agrees with the node. */
  #agrees(report: ChangeReport | undefined): void {
    const { before, after } = this.#node.layout;
    const content = this.#node.content();
    if (report === undefined) return this.#problem('no report');
    if (report.nodeUnchanged && content !== before)
      this.#problem('reports an unchanged node, but the file has changed');
    if (report.outcome === 'refused' && (content !== before || !report.nodeUnchanged))
      this.#problem('refused, but the file has changed');
    if (report.outcome === this.#verb.done && (content !== after || !this.#node.systemd.kubeletRuns))
      this.#problem('reports the change, but the node does not have it');
    if (this.#isUndone(report) && (content !== before || !this.#node.systemd.kubeletRuns))
      this.#problem('reports that it was undone, but it was not');
  }

  /** A failed rollback may also have failed before its change. */
  #isUndone({ outcome, reason }: ChangeReport): boolean {
    return outcome === this.#verb.undone && (outcome !== 'failed' || reason === 'KubeletDidNotComeUp');
  }

  #same(when: string, restarts: number): void {
    if (this.#node.identity() !== this.#identity)
      this.#problem(`${when}: owner or mode is ${this.#node.identity()}`);
    if (this.#node.systemd.restarts > restarts)
      this.#problem(`${when}: the kubelet was restarted ${this.#node.systemd.restarts} times`);
  }

  #problem(text: string): void {
    this.problems.push(text);
  }
}
