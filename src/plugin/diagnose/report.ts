/** The result of `diagnose`: a verdict over all DNS pods, and what is known of each. Its fields are those of `-o json`. Pure. */
import { LOOP_CAUSES, NODE_CAUSES } from '../../api/loop-cause.ts';
import type { CaseAnswer } from '../../diagnosis/case.ts';
import type { EvidenceLine, Finding, Missing, RuledOut } from '../../diagnosis/examination.ts';
import { examine } from '../../diagnosis/examine.ts';
import { type Comparison, compare } from './compare.ts';
import type { Gathered, GatheredPod, TakenFile } from './gathered.ts';
import { type OperatorView, operatorView } from './operator-view.ts';
import { failingScope, type PodState, podState } from './pod-state.ts';
import { caseSiblings, siblingOf } from './sibling.ts';

export interface Report {
  readonly apiVersion: 'dnshealth.io/v1alpha1';
  readonly kind: 'Diagnosis';
  readonly verdict: {
    readonly healthy: boolean;
    /** One sentence. */
    readonly summary: string;
    readonly pods: number;
    readonly atFault: number;
  };
  readonly pods: readonly PodReport[];
  /** Rights that the user does not have, and without which less is known. */
  readonly forbidden: readonly string[];
  /** Which saved file was taken for what. Empty for a cluster. */
  readonly files: readonly TakenFile[];
}

export interface PodReport {
  /** Empty if the saved files do not name it. */
  readonly pod: string;
  readonly namespace: string;
  readonly node?: string;
  readonly workload?: string;
  readonly label?: string;
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly state: PodState;
  /** One sentence. */
  readonly summary: string;
  /** Best first. */
  readonly findings: readonly Finding[];
  /** What was seen besides, that belongs to no single finding. */
  readonly notes: readonly EvidenceLine[];
  readonly ruledOut: readonly RuledOut[];
  readonly missing: readonly Missing[];
  readonly answers: readonly CaseAnswer[];
  /** Of a pod that is at fault. */
  readonly operator?: OperatorView;
  /** With a healthy pod of the same workload, if there is one. */
  readonly comparison?: Comparison;
}

export function buildReport({ pods, others, operator, forbidden, files }: Gathered): Report {
  const well = [...pods, ...others].filter((pod) => podState(pod, examine(pod.facts)) === 'well');
  const reports = pods.map((pod): PodReport => {
    const examination = examine({ ...pod.facts, siblings: caseSiblings(pod, well) });
    const state = podState(pod, examination);
    const { findings } = examination;
    const sibling = state === 'well' ? undefined : siblingOf(pod, well);
    return {
      ...identity(pod),
      state,
      summary: summaryOf(pod, state, findings),
      findings,
      notes: pod.notes,
      ruledOut: examination.ruledOut,
      missing: uniqueMissing([...examination.missing, ...pod.missing]),
      answers: pod.facts.answers ?? [],
      ...(findings.length > 0 && { operator: operatorView(pod, findings, operator) }),
      ...(sibling && { comparison: compare(pod, sibling) }),
    };
  });
  const sick = reports.filter(({ state }) => state !== 'well');
  return {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'Diagnosis',
    verdict: {
      healthy: sick.length === 0,
      summary: verdict(reports, sick),
      pods: reports.length,
      atFault: sick.length,
    },
    // Those at fault first: they are what the reader looks for.
    pods: [...sick, ...reports.filter(({ state }) => state === 'well')],
    forbidden,
    files,
  };
}

function identity({
  facts,
}: GatheredPod): Omit<
  PodReport,
  'state' | 'summary' | 'findings' | 'notes' | 'ruledOut' | 'missing' | 'answers'
> {
  const { name, namespace, node, workload, label, ready, container } = facts.pod ?? {
    name: '',
    namespace: '',
  };
  return {
    pod: name,
    namespace,
    ...(node !== undefined && { node }),
    ...(workload && { workload: `${workload.kind} ${workload.name}` }),
    ...(label !== undefined && { label }),
    ...(ready !== undefined && { ready }),
    ...(container && { restarts: container.restartCount }),
  };
}

function summaryOf(
  { facts, stuck, unanswered, warning }: GatheredPod,
  state: PodState,
  findings: readonly Finding[],
): string {
  const [best] = findings;
  if (best) return best.summary;
  const { pod, answers = [] } = facts;
  const name = pod?.name ?? 'The pod';
  if (state === 'well') return [wellSummary(facts.pod?.ready, answers), warning].filter(Boolean).join(' ');
  if (unanswered !== undefined)
    return `${name} could not be asked from here, and the operator found that it does not answer: ${unanswered}`;
  if (stuck !== undefined) return `${name} does not run: ${stuck.replace(/\.?$/, '.')}`;
  const scope = failingScope(answers);
  if (scope !== undefined) {
    const { result = '' } = answers.findLast((answer) => answer.scope === scope) ?? {};
    return `${name} does not answer ${scope === 'Cluster' ? 'for a name of the cluster' : 'for an external name'} (${result}), and no cause was found.`;
  }
  return `${name} is not ready, and no cause was found.`;
}

function wellSummary(ready: boolean | undefined, answers: readonly CaseAnswer[]): string {
  const slowest = Math.max(0, ...answers.map(({ ms }) => ms));
  if (answers.length > 0) return `Answers for the cluster and for the outside, within ${slowest} ms.`;
  return ready === true
    ? 'Ready, and no fault was found; it was not asked.'
    : 'Nothing that is known of it shows a fault.';
}

function verdict(all: readonly PodReport[], sick: readonly PodReport[]): string {
  const pods = all.length === 1 ? 'The DNS pod' : `All ${all.length} DNS pods`;
  if (sick.length === 0) {
    const asked = all.every(({ answers }) => answers.length > 0);
    if (all.every(({ pod }) => pod === '')) return 'Nothing in these files shows a fault.';
    if (asked) return all.length === 1 ? `${pods} answers.` : `${pods} answer.`;
    return all.length === 1 ? `${pods} shows no fault.` : `${pods} show no fault.`;
  }
  const causes = Map.groupBy(sick, ({ findings }) => findings[0]?.cause);
  const [first] = sick;
  const count = all.length === 1 ? 'The DNS pod' : `${sick.length} of ${all.length} DNS pods`;
  const predicate = predicateOf(sick);
  if (sick.length === 1) return `${count} ${predicate}: ${first?.summary ?? ''}`;
  const list = [...causes].map(([cause, of]) => `${of.length} ${cause ?? 'unexplained'}`);
  return `${count} ${predicate}: ${list.join(', ')}.`;
}

/** A loop is what people look for: its word comes only if it is all that there is. */
function predicateOf(sick: readonly PodReport[]): string {
  const isOne = sick.length === 1;
  if (sick.every(({ findings: [best] }) => best && LOOPS.has(best.cause))) return isOne ? 'loops' : 'loop';
  return isOne ? 'is at fault' : 'are at fault';
}

const LOOPS: ReadonlySet<string> = new Set(
  [...LOOP_CAUSES, ...NODE_CAUSES, 'LateLoop'].filter((cause) => cause !== 'FalseLoop'),
);

/** What was tried and refused says more than that it would help; one line for each thing. */
function uniqueMissing(missing: readonly Missing[]): readonly Missing[] {
  const byCommand = new Map(missing.map((each) => [each.command, each]));
  return [...byCommand.values()];
}
