/** What one condition of a policy says. */
import type { Condition } from '../../../api/primitives.ts';
import type { PolicyFacts } from '../facts.ts';

export type Judgement = Pick<Condition, 'status' | 'reason' | 'message'>;
export type Judge = (facts: PolicyFacts) => Judgement;

const MAX_NAMED = 5;

/** The first of them, and how many more: messages must stay short while hundreds of nodes wait. */
export function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
