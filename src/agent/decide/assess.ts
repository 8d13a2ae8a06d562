/** What `inspect` and `repair` begin with: gather the facts of the node, decide, and plan the edit. */
import type { RepairRequest } from '../../api/agent-protocol.ts';
import type { Clock } from '../clock.ts';
import { type PlannedEdit, planEdit } from '../config/plan-edit.ts';
import { HostTree } from '../files/host-tree.ts';
import { Refused } from '../refused.ts';
import type { KubeletUnit, UnitManager } from '../unit/kubelet-unit.ts';
import { refuseRestartLoop } from '../unit/restart-loop.ts';
import { type Ask, askTarget } from './ask-target.ts';
import { chosenTarget, type Decision, decide, refuse } from './decide.ts';
import { type Facts, gatherFacts, gradeTargets, type UndoneEdit } from './facts.ts';

export interface NodeContext {
  /** Where the node's directories are mounted. */
  readonly hostRoot: string;
  readonly unit: UnitManager;
  readonly clock: Clock;
  readonly ask: Ask;
  readonly stop: AbortSignal;
}

/** The part of the request that the decision depends on. */
type AssessRequest = Pick<
  RepairRequest,
  'targets' | 'acceptRisky' | 'replaceEmptyValue' | 'known' | 'externalName'
>;

type Refusal = Extract<Decision, { kind: 'refuse' }>;
type AlreadyRight = Extract<Decision, { kind: 'already-right' }>;
type Change = Extract<Decision, { kind: 'change' }>;
export type Assessment =
  | Refusal
  | (AlreadyRight & { readonly facts: Facts })
  | (Change & { readonly facts: Facts; readonly edit: PlannedEdit });

export async function assess(
  request: AssessRequest,
  context: NodeContext,
  /** Called as soon as the facts are known, so that a run that breaks off can report them. */
  onFacts: (facts: Facts) => void,
  /** Finds what an earlier run has undone under the running kubelet. */
  findUndoneEdit: (unit: KubeletUnit) => UndoneEdit | undefined = () => undefined,
): Promise<Assessment> {
  const host = new HostTree(context.hostRoot);
  const targets = gradeTargets(request, host);
  const chosen = chosenTarget(targets, request);
  // Concurrent with systemd and the files, so that the answer is there when it is needed.
  const asking = chosen && askTarget(chosen, request.externalName, request.known, context.ask);
  const unit = await context.unit.describe();
  const facts = gatherFacts(unit, targets, request.known, host, findUndoneEdit(unit));
  onFacts(facts);
  const decision = decide(facts, request);
  if (decision.kind === 'refuse') return decision;
  if (decision.kind === 'already-right') return { ...decision, facts };
  const { target } = decision;
  try {
    const edit = planEdit(facts.effective, target.path, unit, host);
    await refuseRestartLoop(unit, context);
    const answers = await asking;
    if (answers?.kind === 'silent')
      throw new Refused(
        'TargetSilent',
        `No nameserver in ${target.path} answers this node (${answers.results.join('; ')}).`,
      );
    return { ...decision, facts, edit };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ...refuse(error.reason, error.message, error.advice), target };
  }
}
