/** The node of the incident still exists. */
import { pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';
import { cancelled } from './guard.ts';

export function nodeExists({ world }: Situation): Verdict {
  if (world.node) return pass;
  return cancelled('NodeGone', 'The node no longer exists, or was replaced by another one of the same name.');
}
