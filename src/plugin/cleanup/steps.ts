/** What is to be done with what an operator has left, in an order that may be cut off anywhere. Pure. */
import { assertNever } from '../../api/assert-never.ts';
import { EXCLUDE_LABEL, EXCLUDE_REASON_ANNOTATION, NODE_NAMESPACE } from '../../api/keys.ts';
import { NODE_CONDITION } from '../../api/node-condition.ts';
import type { ExcludedNode, Leftovers, MarkedNode, OpenIncident, Work } from './leftovers.ts';

export type Step =
  /** A Job or pod that has ended or has not begun. */
  | { readonly kind: 'delete'; readonly work: Work }
  | { readonly kind: 'release'; readonly node: MarkedNode }
  | { readonly kind: 'end'; readonly incident: OpenIncident }
  /** What is said of a node that no operator checks any more. */
  | { readonly kind: 'forget'; readonly node: string }
  /** Of people, not of the operator: it stays. */
  | { readonly kind: 'keep'; readonly node: ExcludedNode }
  | {
      readonly kind: 'leave';
      readonly object: string;
      readonly node: string;
      readonly because: LeftBecause;
      /** One sentence. */
      readonly why: string;
    };

/**
 * - `Repairing`: a repair may be changing the kubelet; killed in the middle, the agent would have to undo it
 * - `Unknown`: it could not be read whether a repair works there
 * - `Checking`: a check that the operator did not start; someone may be waiting for it
 */
export type LeftBecause = 'Repairing' | 'Unknown' | 'Checking';

/**
 * Jobs before nodes: one that has not begun must not begin on a released node. Nodes before incidents: a record that is
 * over holds no node. What is said of a node comes after them, when nothing is left that would say something else.
 */
export function stepsFor({
  nodes,
  checkedNodes,
  excludedNodes,
  repairs,
  checks,
  incidents,
}: Leftovers): readonly Step[] {
  const unlessRepaired = (node: string, object: string, step: Step): Step => {
    const work = repairs?.find((one) => one.node === node && one.state === 'running');
    if (work)
      return left(
        object,
        node,
        'Repairing',
        `${pathOf(work)} still works on ${node}, and ends by itself within five minutes. Run this again then, or with --wait.`,
      );
    return repairs === null
      ? left(object, node, 'Unknown', `It cannot be read whether a repair still works on ${node}.`)
      : step;
  };
  return [
    ...(repairs ?? []).map(
      (work): Step =>
        work.state === 'running'
          ? left(pathOf(work), work.node, 'Repairing', 'It still works, and may be changing the kubelet.')
          : { kind: 'delete', work },
    ),
    ...checks.map(
      (work): Step =>
        work.ofOperator || work.state === 'ended'
          ? { kind: 'delete', work }
          : left(
              pathOf(work),
              work.node,
              'Checking',
              'The operator did not start it, and it still runs: someone may be waiting for it. It ends by itself.',
            ),
    ),
    ...nodes.map((node) => unlessRepaired(node.name, `node/${node.name}`, { kind: 'release', node })),
    ...incidents.map((incident) =>
      unlessRepaired(incident.node, `dnsremediation/${incident.name}`, { kind: 'end', incident }),
    ),
    ...checkedNodes.map((node): Step => ({ kind: 'forget', node })),
    ...excludedNodes.map((node): Step => ({ kind: 'keep', node })),
  ];
}

const left = (object: string, node: string, because: LeftBecause, why: string): Step => ({
  kind: 'leave',
  object,
  node,
  because,
  why,
});

/** As kubectl names objects, with the namespace. */
export const pathOf = ({ kind, namespace, name }: Pick<Work, 'kind' | 'namespace' | 'name'>): string =>
  `${namespace}/${kind.toLowerCase()}/${name}`;

export function objectOf(step: Step): string {
  switch (step.kind) {
    case 'delete':
      return pathOf(step.work);
    case 'release':
      return `node/${step.node.name}`;
    case 'end':
      return `dnsremediation/${step.incident.name}`;
    case 'forget':
      return `node/${step.node}/status`;
    case 'keep':
      return `node/${step.node.name}/label`;
    case 'leave':
      return step.object;
    default:
      return assertNever(step);
  }
}

/** The node that it concerns, so that nothing follows there on something that could not be done. */
export function nodeOf(step: Step): string {
  switch (step.kind) {
    case 'delete':
      return step.work.node;
    case 'release':
      return step.node.name;
    case 'end':
      return step.incident.node;
    case 'forget':
      return step.node;
    case 'keep':
      return step.node.name;
    case 'leave':
      return step.node;
    default:
      return assertNever(step);
  }
}

/** Before anything after it on the same node. */
export const mustSucceed = (step: Step): boolean =>
  step.kind === 'release' ||
  (step.kind === 'delete' && step.work.namespace === NODE_NAMESPACE && step.work.state === 'unstarted');

/** Of a dry run: one sentence. */
export function wouldDo(step: Step): string {
  switch (step.kind) {
    case 'delete':
      return step.work.state === 'ended'
        ? 'Would be deleted: it has ended.'
        : 'Would be deleted: it has not begun to work.';
    case 'release':
      return step.node.text === null
        ? 'Would be released: it has the label or the taint of a quarantine, without the annotation.'
        : 'Would be released: the annotation, the label and the taint are removed, and the cordon if the operator set it.';
    case 'end':
      return 'Would be ended, because no operator continues it.';
    case 'forget':
      return `Would be removed: the condition ${NODE_CONDITION} and the record of checks, which no operator keeps true.`;
    case 'keep':
      return `Would be kept: ${whyKept(step.node)}`;
    case 'leave':
      return `Would be left. ${step.why}`;
    default:
      return assertNever(step);
  }
}

/** A clause, and what to do when it is not wanted any more. */
export function whyKept({ name, reason }: ExcludedNode): string {
  const label = `\`kubectl label node ${name} ${EXCLUDE_LABEL}-\``;
  return reason === null
    ? `an administrator set the label ${EXCLUDE_LABEL}, so that no operator repairs the node. To remove it: ${label}.`
    : `someone wanted the node to be left alone, as the annotation beside the label ${EXCLUDE_LABEL} says: "${reason}". To remove both: ${label} and \`kubectl annotate node ${name} ${EXCLUDE_REASON_ANNOTATION}-\`.`;
}
