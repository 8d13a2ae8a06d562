/** An administrator has not excluded the node from repairs. */
import { pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { cancelled } from './guard.ts';

export function nodeIsNotExcluded({ world }: Situation): Verdict {
  if (!world.node?.excluded) return pass;
  return cancelled(
    'NodeExcluded',
    'The node is excluded from repairs by the label dnshealth.io/exclude=true.',
  );
}
