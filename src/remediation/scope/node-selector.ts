/** Whether a policy selects a node, by the rules of a Kubernetes label selector. */
import { assertNever } from '../../api/assert-never.ts';
import type { NodeSelector } from '../../api/policy/scope.ts';

export type Labels = Readonly<Record<string, string>>;

/**
 * Everything that the selector asks for must hold; without a selector, or with an empty one, every node is selected.
 *
 * @param labels null: the node is not known, so that nothing can be said of its labels
 */
export function selectsNode(selector: NodeSelector | undefined, labels: Labels | null): boolean {
  const wanted = Object.entries(selector?.matchLabels ?? {});
  const requirements = selector?.matchExpressions ?? [];
  if (labels === null) return wanted.length === 0 && requirements.length === 0;
  return (
    wanted.every(([key, value]) => labels[key] === value) && requirements.every((one) => meets(labels, one))
  );
}

type Requirement = NonNullable<NodeSelector['matchExpressions']>[number];

function meets(labels: Labels, { key, operator, values = [] }: Requirement): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    // A node without the label has none of the values.
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return assertNever(operator);
  }
}

/** Two objects of the same node: most changes of a node leave its labels as they are. */
export function sameLabels(a: Labels, b: Labels): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
