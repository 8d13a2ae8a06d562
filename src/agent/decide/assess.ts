/** What `inspect` and `repair` begin with: gather the facts of the node, decide, and plan the edit. */
import type { RefusalReason, RepairRequest } from '../../api/agent-protocol.ts';
import { Refused } from '../../api/refused.ts';
import type { Clock } from '../clock.ts';
import { type PlannedEdit, planEdit } from '../config/plan-edit.ts';
import { HostTree } from '../files/host-tree.ts';
import type { OwnResolvConf } from '../files/own-resolv-conf.ts';
import type { Log } from '../log.ts';
import type { KubeletUnit, UnitManager } from '../unit/kubelet-unit.ts';
import { refuseRestartLoop } from '../unit/restart-loop.ts';
import type { Ask } from './ask-server.ts';
import { askTarget } from './ask-target.ts';
import { type Decision, decide, type Refusal, refuse } from './decide.ts';
import { type Facts, gatherFacts, readConfigured } from './facts.ts';
import { askOwnServersIn, chosenTarget, gradeGiven, gradeTargets } from './grade-files.ts';
import { withoutResolvers } from './own-servers.ts';
import type { UndoneEdit } from './pending.ts';
import { ownerProblem, unitProblem } from './unit-problem.ts';

export interface NodeContext {
  /** Where the node's directories are mounted. */
  readonly hostRoot: string;
  readonly unit: UnitManager;
  readonly clock: Clock;
  readonly ask: Ask;
  readonly stop: AbortSignal;
  readonly log: Log;
  /** What the running kubelet gave to this pod; undefined if there is none. */
  readonly ownResolvConf: () => OwnResolvConf | undefined;
}

/** The part of the request that the decision depends on. */
type AssessRequest = Pick<
  RepairRequest,
  'targets' | 'acceptRisky' | 'replaceEmptyValue' | 'known' | 'externalName' | 'clusterName' | 'restart'
>;

type AlreadyRight = Extract<Decision, { kind: 'already-right' }>;
type Change = Extract<Decision, { kind: 'change' }>;
export type Assessment =
  | Refusal
  | (AlreadyRight & { readonly facts: Facts })
  | (Change & { readonly facts: Facts; readonly edit: PlannedEdit });

interface Observers {
  /** Called as soon as the facts are known, so that a run that breaks off can report them. */
  readonly onFacts: (facts: Facts) => void;
  /** Finds what an earlier run has undone under the running kubelet. */
  readonly findUndoneEdit?: (unit: KubeletUnit) => UndoneEdit | undefined;
}

/** networkd writes the file anew when it reloads, and after a boot there is none before the first lease. */
const TARGET_WAIT_MS = 15_000;
const TARGET_POLL_MS = 500;
const MAY_PASS: ReadonlySet<RefusalReason> = new Set(['TargetMissing', 'TargetEmpty', 'TargetSilent']);

/** A target that is missing, empty or silent is looked at again for a while before that is the answer. */
export async function assess(
  request: AssessRequest,
  context: NodeContext,
  observers: Observers,
): Promise<Assessment> {
  const { clock, stop, log } = context;
  const untilMs = clock.now() + TARGET_WAIT_MS;
  let logged = false;
  for (;;) {
    const assessment = await assessOnce(request, context, observers);
    const mayPass = assessment.kind === 'refuse' && MAY_PASS.has(assessment.reason);
    if (!mayPass || clock.now() >= untilMs || stop.aborted) return assessment;
    if (!logged) log('waiting for the target', { reason: assessment.reason, message: assessment.message });
    logged = true;
    await clock.sleep(TARGET_POLL_MS);
  }
}

async function assessOnce(
  request: AssessRequest,
  context: NodeContext,
  { onFacts, findUndoneEdit }: Observers,
): Promise<Assessment> {
  const { ask, clock } = context;
  const host = new HostTree(context.hostRoot);
  const targets = await gradeTargets(request, host, ask);
  const chosen = chosenTarget(targets, request);
  // Concurrent with systemd and the files, so that the answer is there when it is needed.
  const asking = chosen && askTarget(chosen, request.externalName, targets.known, ask);
  const unit = await context.unit.describe();
  const first = ownerProblem(unit, host) ?? unitProblem(unit);
  if (first !== undefined) return first;
  const reading = { unit, host, nowMs: clock.now(), undoneEdit: findUndoneEdit?.(unit) };
  const configured = readConfigured(reading);
  const given = context.ownResolvConf();
  const [own, graded] = await Promise.all([
    askOwnServersIn([configured.effective.value], request, host, ask),
    given && gradeGiven(given, request, ask),
  ]);
  const known = withoutResolvers(request.known, own, 'silent ones do not serve');
  const facts = gatherFacts(reading, configured, known, targets, graded);
  onFacts(facts);
  const decision = decide(facts, request);
  if (decision.kind === 'refuse') return decision;
  if (decision.kind === 'already-right') return { ...decision, facts };
  const { target } = decision;
  try {
    const edit = planEdit(facts.effective, target.path, unit, host);
    if (request.restart !== false) await refuseRestartLoop(unit, context);
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
